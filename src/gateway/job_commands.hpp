#pragma once

#include <string>

#include "gateway/job_search.hpp"

namespace butler::gateway {

/// The commands that change what becomes of a job: /abort, /retry, /steer.
class JobCommands {
 public:
  /// What they need to know of the house.
  struct Rules {
    std::int64_t bot_id = 0;
    domain::PermissionRules permissions = {};
  };

  JobCommands(GatewayStore& store, api::OrchestratorClient& orchestrator, JobSearch& search, Rules rules)
      : store_(store), orchestrator_(orchestrator), search_(search), rules_(rules) {}

  ControlAnswer abort(std::string typed, const ControlRequest& request);
  /// The same request once more, in the present session of the chat where it is asked for.
  ControlAnswer retry(std::string typed, const ControlRequest& request);
  /// A message for what runs in the present session.
  ControlAnswer steer(std::string text, const ControlRequest& request);

 private:
  boost::asio::awaitable<JobSearch::Found> to_retry(std::string typed, const ControlRequest& request);
  boost::asio::awaitable<JobSearch::Found> to_steer(const ControlRequest& request);

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  JobSearch& search_;
  Rules rules_;
};

}  // namespace butler::gateway
