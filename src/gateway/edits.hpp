#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "api/orchestrator_client.hpp"
#include "domain/backoff.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/languages.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/people.hpp"
#include "gateway/replacement.hpp"
#include "telegram/bot_api.hpp"
#include "telegram/update.hpp"

namespace butler::gateway {

/// Messages that people change. While a request waits, it becomes what the message says now: in its turn,
/// when the orchestrator surely does not know it yet; else the job is stopped, if it still waits, and another
/// one takes its place. There is one job in the end, whatever dies in between: what is to be done is a row,
/// and each call may be made again.
class Edits {
 public:
  struct Signals {
    /// True when no call has been made, by this process or an earlier one, that could have created the job.
    std::function<bool(const Turn&)> is_unsent;
    std::function<void(Lane)> turn_stored;  ///< another job is to be created, and that is on disk
    std::function<void(Lane)> edit_kept;    ///< there is work for step(), and that is on disk
  };

  Edits(GatewayStore& store, api::OrchestratorClient& orchestrator, OutboxSender& outbox,
        const People& people, const Languages& languages, telegram::Bot bot, std::size_t prompt_max_chars,
        Signals signals,
        domain::Backoff backoff = {std::chrono::milliseconds{100}, 2.0, std::chrono::seconds{2}})
      : store_(store),
        orchestrator_(orchestrator),
        outbox_(outbox),
        people_(people),
        languages_(languages),
        bot_(std::move(bot)),
        prompt_max_chars_(prompt_max_chars),
        signals_(std::move(signals)),
        backoff_(backoff) {}

  /// Takes an edited message of somebody we listen to. Inside a unit of the store; ends the update.
  void take(const telegram::Message& edited, std::int64_t update_id);

  /// Carries out the lane's oldest edit that can be; false when there is none. A Lanes::Step.
  boost::asio::awaitable<bool> step(Lane lane);

 private:
  void change(const Turn& turn, const TurnPart& part, std::int64_t update_id);
  boost::asio::awaitable<Replacement> take_back(std::string job_id, std::int64_t person_id);
  boost::asio::awaitable<std::expected<Replacement, api::CallError>> try_to_take_back(std::string job_id,
                                                                                      std::int64_t person_id);
  void settle(const Turn& turn, const Edit& edit, Replacement replacement);
  void replace(const Turn& turn, const Edit& edit, domain::Timestamp now);
  void say(const Turn& turn, std::int64_t message_id, std::int64_t update_id, const std::string& text);
  void drop(std::int64_t update_id, std::string_view why);

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  OutboxSender& outbox_;
  const People& people_;
  const Languages& languages_;
  telegram::Bot bot_;
  std::size_t prompt_max_chars_;
  Signals signals_;
  domain::Backoff backoff_;
};

}  // namespace butler::gateway
