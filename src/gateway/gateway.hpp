#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "admin/admin_socket.hpp"
#include "api/orchestrator_client.hpp"
#include "async/event.hpp"
#include "async/task_group.hpp"
#include "config/settings.hpp"
#include "gateway/job_watches.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/pasted_text.hpp"
#include "gateway/sqlite_gateway_store.hpp"
#include "gateway/update_loop.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// How patient the gateway is. Tests are less so.
struct GatewayOptions {
  struct Sending {
    DeliveryTiming timing = {};
    FloodLimits flood = {};
  };
  Sending sending = {};
  UpdateLoop::Options polling = {};
  JobWatches::Options watching = {};  ///< its notices come from the settings
  std::chrono::milliseconds typing_interval{4'000};
  std::chrono::milliseconds until_told_waiting{1'500};  ///< for the orchestrator, before a person hears of it
  std::chrono::milliseconds control_patience{2'000};
  PasteRules pasting = {};
  std::chrono::milliseconds stop_grace{3'000};  ///< for messages that are on their way
  std::chrono::hours parked_messages_kept{24};
};

/// The gateway, wired by hand: Telegram on one side, the orchestrator on the other, gateway.db between them.
class Gateway {
 public:
  /// Opens and locks the database, and throws what that throws; std::runtime_error for an address that is
  /// none. `on_ready` is called when polling starts.
  Gateway(const boost::asio::any_io_executor& executor, const config::GatewaySettings& settings,
          std::function<void()> on_ready, GatewayOptions options = {});
  ~Gateway();

  /// Works until end() was called; the result is the exit status. Cancelled, it ends at once and leaves all
  /// that is in flight as it is: what a kill does.
  boost::asio::awaitable<int> run();

  /// Adds what the operator can see and do. Both outlive the gateway's tasks.
  void administer(admin::AdminSocket& socket, metrics::Registry& registry);

  /// Asks for an orderly end: nothing new is taken, messages on their way may finish.
  void end(int exit_status);

 private:
  struct Parts;

  boost::asio::awaitable<void> start();
  boost::asio::awaitable<std::optional<telegram::Bot>> identify();
  void start_parts(const telegram::Bot& bot);
  boost::asio::awaitable<void> poll();
  boost::asio::awaitable<void> keep_house();
  boost::asio::awaitable<void> shut_down();
  boost::asio::awaitable<void> cut_sending();
  void fault(std::string_view task, std::string_view what);

  boost::asio::any_io_executor executor_;
  const config::GatewaySettings& settings_;
  std::function<void()> on_ready_;
  GatewayOptions options_;
  GatewayDatabase database_;
  telegram::BotApi api_;
  api::OrchestratorClient orchestrator_;
  async::TaskGroup working_;  ///< all but what is being sent
  async::TaskGroup sending_;
  FloodControl flood_;
  async::TaskGroup grace_;
  async::Event ended_;
  std::optional<int> exit_status_;
  std::unique_ptr<Parts> parts_;  ///< made when we know which bot we are
};

}  // namespace butler::gateway
