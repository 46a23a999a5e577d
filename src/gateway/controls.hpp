#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/orchestrator_client.hpp"
#include "domain/chat_command.hpp"
#include "gateway/answers.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/outbox_sender.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// What a control command came to: a sentence, the end of a job, or both.
struct ControlResult {
  std::string text = {};
  std::optional<domain::Job> ended = {};  ///< its answer is also the command's
};

/// The commands that need the orchestrator: /approve, /deny, /abort, /status. They overtake the lanes of
/// turns, and are answered within about `patience` also when the orchestrator is away.
class Controls {
 public:
  Controls(GatewayStore& store, api::OrchestratorClient& orchestrator, OutboxSender& outbox, Answers& answers,
           telegram::Bot bot, std::chrono::milliseconds patience = std::chrono::seconds{2})
      : store_(store),
        orchestrator_(orchestrator),
        outbox_(outbox),
        answers_(answers),
        bot_(std::move(bot)),
        patience_(patience) {}

  /// Handles the oldest control command of a chat (lane.thread_id is not used); false when there is none. A
  /// Lanes::Step.
  boost::asio::awaitable<bool> step(Lane lane);

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  using Result = boost::asio::awaitable<ControlResult>;

  /// One command on its way.
  struct Request {
    std::int64_t chat_id = 0;
    std::string person = {};
    Deadline give_up{};
  };
  /// The job that a command means, or the sentence that says why there is none.
  using Target = std::expected<domain::Job, std::string>;
  using Wanted = bool (*)(domain::JobStatus);
  /// What find() needs to know of the command.
  struct Search {
    std::string_view command;  ///< "/approve", for the list of candidates
    std::string typed;
    Wanted wanted;
    std::string (*nothing)();  ///< the sentence when there is no candidate
  };

  /// No coroutine: it only chooses one.
  Result handle(const domain::ChatCommand& command, const Request& request);
  Result approve(std::string typed, Request request);
  Result deny(std::string typed, Request request);
  Result refuse_run(domain::Job job, Request request);
  Result abort(std::string typed, Request request);
  Result status(std::string typed, Request request);
  Result status_of_chat(Request request);

  boost::asio::awaitable<Target> find(Search search, Request request);
  boost::asio::awaitable<Target> find_typed(Search search, Request request);
  boost::asio::awaitable<std::expected<std::vector<domain::Job>, api::CallError>> open_jobs(Request request);
  api::Call<domain::Job> job(std::string job_id, Request request);

  /// Calls until there is an answer, or `give_up` has come.
  template <class T>
  static api::Call<T> patiently(std::function<api::Call<T>()> call, Deadline give_up);

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  OutboxSender& outbox_;
  Answers& answers_;
  telegram::Bot bot_;
  std::chrono::milliseconds patience_;
};

}  // namespace butler::gateway
