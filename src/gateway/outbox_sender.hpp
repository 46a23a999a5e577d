#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <unordered_set>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "gateway/chat_pacer.hpp"
#include "gateway/delivery_decision.hpp"
#include "gateway/gateway_store.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// Brings the outbox to Telegram: chats side by side, one message at a time in each, in order. What is queued
/// survives every restart; what happened to it is decided by delivery_decision().
class OutboxSender {
 public:
  struct Options {
    DeliveryTiming timing = {};
    Pace pace = {};
  };

  /// Sends as tasks of `tasks`. `on_token_refused` is called with Telegram's words when no message can be
  /// sent any more; the sender has stopped then.
  OutboxSender(boost::asio::any_io_executor executor, GatewayStore& store, telegram::BotApi& api,
               async::TaskGroup& tasks, Options options, std::function<void(std::string)> on_token_refused);

  /// Goes on where the last process ended. Once, at start.
  void resume();

  /// Adds a message to the outbox, and sends it when that is on disk. False when messages of its source are
  /// there already.
  bool queue(const Outgoing& message);

  /// Sends nothing new; what is on its way may finish.
  void stop();

 private:
  void wake(std::int64_t chat_id);
  boost::asio::awaitable<void> serve(std::int64_t chat_id);
  boost::asio::awaitable<void> send(OutboxRow row);
  void settle(const OutboxRow& row, const SendOutcome& outcome, bool has_entities);
  void apply(const DeliveryDecision& decision, const OutboxRow& row, const SendOutcome& outcome);
  void resend_plain(const OutboxRow& row);
  void resend_moved(const OutboxRow& row, std::int64_t to);
  /// Marks the chat's next part as being sent, if it may leave now: with the commit that settles the one
  /// before.
  void claim_next(std::int64_t chat_id);
  /// The chat's next part was claimed but never given to Telegram: nothing about it is uncertain.
  void release_claim(std::int64_t chat_id);
  bool may_leave(std::int64_t chat_id) const;

  GatewayStore& store_;
  telegram::BotApi& api_;
  async::TaskGroup& tasks_;
  Options options_;
  std::function<void(std::string)> on_token_refused_;
  ChatPacer pacer_;
  std::unordered_set<std::int64_t> active_;   ///< chats with a task: all that have something unsent
  std::unordered_set<std::int64_t> claimed_;  ///< chats whose task is about to find a claimed part
  async::Event stopped_;
  bool stopping_ = false;
};

}  // namespace butler::gateway
