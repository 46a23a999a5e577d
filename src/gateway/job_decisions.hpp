#pragma once

#include "gateway/job_search.hpp"

namespace butler::gateway {

/// Carries out somebody's decision about a job that waits for one. They may decide about this job.
class JobDecisions {
 public:
  JobDecisions(GatewayStore& store, api::OrchestratorClient& orchestrator, JobSearch& search)
      : store_(store), orchestrator_(orchestrator), search_(search) {}

  ControlAnswer approve(domain::Job job, const ControlRequest& request);
  ControlAnswer deny(domain::Job job, const ControlRequest& request);

 private:
  ControlAnswer refuse(domain::Job job, const ControlRequest& request);

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  JobSearch& search_;
};

}  // namespace butler::gateway
