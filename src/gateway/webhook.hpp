#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/task_group.hpp"
#include "config/settings.hpp"
#include "gateway/intake.hpp"
#include "gateway/webhook_door.hpp"
#include "gateway/webhook_intake.hpp"
#include "gateway/webhook_listener.hpp"
#include "gateway/webhook_watch.hpp"
#include "http/server.hpp"

namespace butler::gateway {

/// Updates that Telegram brings to us: the listener, what brings them into the store, and the watch over what
/// Telegram thinks of it.
class Webhook {
 public:
  struct Parts {
    telegram::BotApi& api;
    GatewayStore& store;
    Intake& intake;
  };

  /// @param fact  where the store remembers what was set at Telegram
  Webhook(const boost::asio::any_io_executor& executor, Parts parts, const config::WebhookSettings& settings,
          WebhookDoor door, std::string fact, WebhookWatch::Options options,
          std::function<void(const std::string&)> on_conflict);

  /// Starts the listener and the intake in the group.
  void start(async::TaskGroup& tasks);
  /// Has Telegram deliver to us; see WebhookWatch::run().
  boost::asio::awaitable<std::string> watch() { return watch_.run(); }
  /// Takes nothing more; requests in flight may be answered.
  boost::asio::awaitable<void> shut_down(std::chrono::milliseconds grace);

  std::uint16_t port() const { return server_.port(); }
  const WebhookCounts& counts() const { return listener_.counts(); }
  std::optional<domain::Timestamp> last_taken() const { return listener_.last_taken(); }
  const PollHealth& health() const { return watch_.health(); }
  const std::optional<telegram::WebhookState>& state() const { return watch_.state(); }

 private:
  WebhookIntake intake_;
  WebhookListener listener_;
  http::Server server_;
  WebhookWatch watch_;
};

}  // namespace butler::gateway
