#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <map>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "gateway/buttons.hpp"
#include "gateway/delivery_decision.hpp"
#include "gateway/flood_control.hpp"
#include "gateway/lanes.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// Shows under messages what their keyboards have become, and takes away those whose time is over. What is to
/// be shown is on disk; chats side by side, one edit at a time in each.
class KeyboardEdits {
 public:
  /// Edits as tasks of `tasks`.
  KeyboardEdits(const boost::asio::any_io_executor& executor, GatewayStore& store, Buttons& buttons,
                telegram::BotApi& api, FloodControl& flood, async::TaskGroup& tasks, DeliveryTiming timing);

  /// A keyboard of the chat has changed, or was made, on disk.
  void wake(Lane chat);

  /// Goes on where the last process ended; then ends keyboards in time, until cancelled.
  boost::asio::awaitable<void> run();

 private:
  /// A Lanes::Step.
  boost::asio::awaitable<bool> step(Lane chat);
  boost::asio::awaitable<void> show(KeyboardRow keyboard);
  boost::asio::awaitable<void> note_failure(const KeyboardRow& keyboard, telegram::ApiError error);
  void settle(const KeyboardRow& keyboard, const json::Object& markup);

  GatewayStore& store_;
  Buttons& buttons_;
  telegram::BotApi& api_;
  FloodControl& flood_;
  DeliveryTiming timing_;
  Lanes chats_;
  async::Event changed_;
  std::map<std::int64_t, CallFailures> failures_;  ///< by keyboard, in a row
};

}  // namespace butler::gateway
