#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "gateway/flood_control.hpp"
#include "gateway/gateway_store.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// "typing…", or "sending a photo…", in a chat or topic while somebody wants it there: renewed before
/// Telegram lets it fade, at most one action at a time per lane, none where there is no room for it. A chat
/// that refuses it is left alone.
class Typing {
 public:
  /// Works as tasks of `tasks`.
  Typing(boost::asio::any_io_executor executor, GatewayStore& store, telegram::BotApi& api,
         FloodControl& flood, async::TaskGroup& tasks,
         std::chrono::milliseconds interval = std::chrono::seconds{4})
      : executor_(std::move(executor)),
        store_(store),
        api_(api),
        flood_(flood),
        tasks_(tasks),
        interval_(interval) {}

  /// One more job runs in the lane, or file is sent there; each begin() has its end() with the same action,
  /// one of sendChatAction's.
  void begin(Lane lane, std::string_view action = "typing");
  void end(Lane lane, std::string_view action = "typing");

 private:
  struct Shown {
    explicit Shown(boost::asio::any_io_executor executor) : ended(std::move(executor)) {}
    int jobs = 1;
    async::Event ended;
  };

  using Key = std::pair<Lane, std::string>;  // with the action

  boost::asio::awaitable<void> show(Key key, std::shared_ptr<Shown> shown);

  boost::asio::any_io_executor executor_;
  GatewayStore& store_;
  telegram::BotApi& api_;
  FloodControl& flood_;
  async::TaskGroup& tasks_;
  std::chrono::milliseconds interval_;
  std::map<Key, std::shared_ptr<Shown>> shown_;  // shared with its task
};

}  // namespace butler::gateway
