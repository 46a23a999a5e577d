#pragma once

#include "gateway/buttons.hpp"
#include "gateway/job_search.hpp"

namespace butler::gateway {

/// Carries out somebody's decision about a job that waits for one. They may decide about this job.
class JobDecisions {
 public:
  JobDecisions(GatewayStore& store, api::OrchestratorClient& orchestrator, JobSearch& search,
               Buttons& buttons)
      : store_(store), orchestrator_(orchestrator), search_(search), buttons_(buttons) {}

  ControlAnswer approve(domain::Job job, const ControlRequest& request);
  ControlAnswer deny(domain::Job job, const ControlRequest& request);

 private:
  /// The sentence for a job that does not wait for a decision any more.
  ControlResult too_late(const domain::Job& job, const ControlRequest& request);
  ControlAnswer refuse(domain::Job job, const ControlRequest& request);

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  JobSearch& search_;
  Buttons& buttons_;
};

}  // namespace butler::gateway
