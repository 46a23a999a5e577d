#pragma once

#include <string>

#include "gateway/job_search.hpp"

namespace butler::gateway {

/// /panic: owners stop everything at once, and let it go on.
class Panic {
 public:
  Panic(api::OrchestratorClient& orchestrator, JobSearch& search)
      : orchestrator_(orchestrator), search_(search) {}

  /// @param action  "on", "off", "status", or "" for the status
  ControlAnswer obey(std::string action, const ControlRequest& request);

 private:
  ControlAnswer on(const ControlRequest& request);
  ControlAnswer off(const ControlRequest& request);
  ControlAnswer status(const ControlRequest& request);
  /// How many jobs have a status, in all chats.
  api::Call<std::size_t> count(domain::JobStatus status, std::chrono::steady_clock::time_point give_up);
  api::Call<api::AdminState> state(std::chrono::steady_clock::time_point give_up);

  api::OrchestratorClient& orchestrator_;
  JobSearch& search_;
};

}  // namespace butler::gateway
