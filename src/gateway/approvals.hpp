#pragma once

#include <string>

#include "gateway/job_search.hpp"

namespace butler::gateway {

/// /approve and /deny: the decision about a job that waits for one.
class Approvals {
 public:
  Approvals(GatewayStore& store, api::OrchestratorClient& orchestrator, JobSearch& search)
      : store_(store), orchestrator_(orchestrator), search_(search) {}

  ControlAnswer approve(std::string typed, const ControlRequest& request);
  ControlAnswer deny(std::string typed, const ControlRequest& request);

 private:
  ControlAnswer refuse(domain::Job job, const ControlRequest& request);

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  JobSearch& search_;
};

}  // namespace butler::gateway
