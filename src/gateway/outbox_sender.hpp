#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "gateway/artifact_plan.hpp"
#include "gateway/delivery_decision.hpp"
#include "gateway/flood_control.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/languages.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// What came of the calls that send, since the process started.
struct DeliveryCounts {
  std::int64_t sent = 0;
  std::int64_t retries = 0;
  std::int64_t flood_refusals = 0;  ///< 429
  std::int64_t uncertain = 0;
  std::int64_t entities_refused = 0;
  std::int64_t texts_refused = 0;
  std::int64_t topics_gone = 0;
  std::int64_t files_refused = 0;
  std::int64_t dead = 0;
};

/// Who is told of what the sender meets. Both `undeliverable` and `chat_moved` are called inside a unit of
/// the store.
struct SenderEvents {
  /// Telegram's words; the sender has stopped.
  std::function<void(const std::string&)> token_refused;
  /// The chat takes nothing, or a final message for it was given up.
  std::function<void(std::int64_t chat_id, const std::string& reason)> undeliverable;
  /// A message is in the chat: if it has buttons, they stand there. Inside a unit of the store.
  std::function<void(const OutboxRow& row, std::int64_t message_id)> buttons_sent;
  /// A group has become a supergroup, and all its rows name the new one.
  std::function<void(std::int64_t to)> chat_moved;
  /// An answer or a failure is about to leave: ends soon.
  std::function<boost::asio::awaitable<void>(Lane)> final_leaves;
  /// A message has come into the chat or topic, and that is on disk.
  std::function<void(Lane)> sent;
};

/// Brings the outbox to Telegram: chats side by side, one message at a time in each, in order. What is queued
/// survives every restart; what happened to it is decided by delivery_decision(), when it leaves by
/// FloodControl.
class OutboxSender {
 public:
  /// Sends as tasks of `tasks`.
  OutboxSender(boost::asio::any_io_executor executor, GatewayStore& store, telegram::BotApi& api,
               FloodControl& flood, const Languages& languages, async::TaskGroup& tasks,
               DeliveryTiming timing, SenderEvents events);

  /// Sends a message of files; `as_words` is the payload that tells why one could not be sent.
  struct FileParts {
    std::function<boost::asio::awaitable<SendOutcome>(Lane, FilesMessage)> send;
    std::function<std::string(Lane, const FilesMessage&, const telegram::ApiError&)> as_words;
  };
  /// Before resume().
  void send_files_with(FileParts parts) { file_parts_ = std::move(parts); }

  /// Goes on where the last process ended. Once, at start.
  void resume();

  /// Adds a message to the outbox, and sends it when that is on disk. False when messages of its source are
  /// there already.
  bool queue(Outgoing message);

  /// A group became a supergroup.
  void move_chat(std::int64_t from, std::int64_t to);

  bool is_parked(std::int64_t chat_id) const { return parked_.contains(chat_id); }
  /// True while something for the chat is on its way, or waits to be.
  bool has_work(std::int64_t chat_id) const {
    return active_.contains(chat_id) || claimed_.contains(chat_id);
  }
  /// Something showed that the chat takes messages again.
  void revive(std::int64_t chat_id);

  /// There is something to send to the chat, on disk.
  void wake(std::int64_t chat_id);

  /// Sends nothing new; what is on its way may finish.
  void stop();

  const DeliveryCounts& counts() const { return counts_; }

 private:
  void remember_what_left();
  boost::asio::awaitable<void> serve(std::int64_t chat_id);
  boost::asio::awaitable<void> send(OutboxRow row);
  void settle(const OutboxRow& row, const SendOutcome& outcome, const PartFacts& facts);
  void apply(const DeliveryDecision& decision, const OutboxRow& row, const SendOutcome& outcome);
  void put_back(const DeliveryDecision& decision, const OutboxRow& row, const SendOutcome& outcome);
  void give_up(const DeliveryDecision& decision, const OutboxRow& row, const std::string& error);
  boost::asio::awaitable<SendOutcome> hand_over(const OutboxRow& row, json::Object body);
  void resend_files(const DeliveryDecision& decision, const OutboxRow& row, const SendOutcome& outcome);
  void resend(const DeliveryDecision& decision, const OutboxRow& row, const SendOutcome& outcome);
  void park(const OutboxRow& row, const std::string& error);
  /// Marks the chat's next part as being sent, if it may leave now: with the commit that settles the one
  /// before.
  void claim_next(std::int64_t chat_id);
  void claim(const OutboxRow& row);
  /// The chat's next part was claimed but never given to Telegram: nothing about it is uncertain.
  void release_claim(std::int64_t chat_id);
  bool may_leave(std::int64_t chat_id, MessageKind kind) const;

  boost::asio::any_io_executor executor_;
  GatewayStore& store_;
  telegram::BotApi& api_;
  FloodControl& flood_;
  const Languages& languages_;
  async::TaskGroup& tasks_;
  DeliveryTiming timing_;
  SenderEvents events_;
  FileParts file_parts_;
  DeliveryCounts counts_;
  /// Chats with a task, all that have something unsent and are not parked; and what wakes the task.
  std::unordered_map<std::int64_t, std::unique_ptr<async::Event>> active_;
  std::unordered_set<std::int64_t> claimed_;    ///< chats whose task is about to find a claimed part
  std::unordered_set<std::int64_t> in_flight_;  ///< rows that Telegram has been given
  std::unordered_set<std::int64_t> parked_;     ///< as in the store
  bool stopping_ = false;
};

}  // namespace butler::gateway
