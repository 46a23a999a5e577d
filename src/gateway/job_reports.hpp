#pragma once

#include <string>

#include "gateway/job_search.hpp"

namespace butler::gateway {

/// The commands that say what there is: /status.
class JobReports {
 public:
  JobReports(GatewayStore& store, api::OrchestratorClient& orchestrator, JobSearch& search)
      : store_(store), orchestrator_(orchestrator), search_(search) {}

  ControlAnswer status(std::string typed, const ControlRequest& request);

 private:
  ControlAnswer status_of_chat(const ControlRequest& request);

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  JobSearch& search_;
};

}  // namespace butler::gateway
