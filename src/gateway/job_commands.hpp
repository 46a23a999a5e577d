#pragma once

#include <string>

#include "gateway/job_search.hpp"

namespace butler::gateway {

/// The commands that change what becomes of a job: /abort.
class JobCommands {
 public:
  JobCommands(api::OrchestratorClient& orchestrator, JobSearch& search)
      : orchestrator_(orchestrator), search_(search) {}

  ControlAnswer abort(std::string typed, const ControlRequest& request);

 private:
  api::OrchestratorClient& orchestrator_;
  JobSearch& search_;
};

}  // namespace butler::gateway
