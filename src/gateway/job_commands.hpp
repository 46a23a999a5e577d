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
    std::size_t prompt_max_chars = 8'000;
  };

  JobCommands(GatewayStore& store, api::OrchestratorClient& orchestrator, JobSearch& search, Rules rules)
      : store_(store), orchestrator_(orchestrator), search_(search), rules_(rules) {}

  ControlAnswer abort(std::string typed, const ControlRequest& request);
  /// The same request once more, in the present session of the chat where it is asked for.
  ControlAnswer retry(std::string typed, const ControlRequest& request);
  /// A message for what runs in the present session.
  ControlAnswer steer(std::string text, const ControlRequest& request);
  /// A plain message that replies to a job: it steers what runs. When nothing runs there (any more), it is a
  /// request as any other.
  ControlAnswer reply(std::string text, const ControlRequest& request);

 private:
  boost::asio::awaitable<JobSearch::Found> to_retry(std::string typed, const ControlRequest& request);
  /// What came from the chat with the request; Telegram still has it.
  std::vector<IncomingFile> files_of(const std::string& job_id);
  std::vector<TurnPart> words_of_job(const std::string& job_id);
  boost::asio::awaitable<JobSearch::Found> to_steer(const ControlRequest& request);
  api::Call<void> tell(const domain::Job& job, std::string text, const ControlRequest& request);
  NewTurn as_request(const std::string& text, const ControlRequest& request);

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  JobSearch& search_;
  Rules rules_;
};

}  // namespace butler::gateway
