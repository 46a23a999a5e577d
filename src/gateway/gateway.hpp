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
#include "gateway/attachment_decision.hpp"
#include "gateway/gateway_lock.hpp"
#include "gateway/gathering.hpp"
#include "gateway/job_watches.hpp"
#include "gateway/live_status.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/sql_gateway_store.hpp"
#include "gateway/update_loop.hpp"
#include "gateway/webhook.hpp"
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
  WebhookWatch::Options webhook = {};
  JobWatches::Options watching = {};  ///< its notices come from the settings
  std::chrono::milliseconds typing_interval{4'000};
  LiveStatus::Options live = {};
  std::chrono::milliseconds until_told_waiting{1'500};  ///< for the orchestrator, before a person hears of it
  std::chrono::milliseconds control_patience{2'000};
  std::chrono::milliseconds callback_patience{500};  ///< of somebody who pressed a button, for a word
  GatherRules gathering = {};  ///< the window of bursts and the limit of characters come from the settings
  struct Files {
    FetchTiming timing = {};
    telegram::DownloadPatience patience = {};
  };
  Files files = {};
  std::chrono::milliseconds stop_grace{3'000};     ///< for messages that are on their way
  std::chrono::milliseconds webhook_grace{1'000};  ///< for updates that are on their way to us
  std::chrono::hours parked_messages_kept{24};
};

/// The gateway, wired by hand: Telegram on one side, the orchestrator on the other, gateway.db between them.
class Gateway {
 public:
  /// Opens and locks gateway.db, and throws what that throws; std::runtime_error for an address that is
  /// none. `on_ready` is called when polling starts, or the webhook's listener, or when another gateway of
  /// this bot works and we stand by. Without a `door`, the one that the settings name is opened.
  Gateway(const boost::asio::any_io_executor& executor, const config::GatewaySettings& settings,
          std::function<void()> on_ready, GatewayOptions options = {},
          std::optional<WebhookDoor> door = std::nullopt);
  ~Gateway();

  /// Works until end() was called; the result is the exit status. Cancelled, it ends at once and leaves all
  /// that is in flight as it is: what a kill does.
  boost::asio::awaitable<int> run();

  /// Adds what the operator can see and do. Both outlive the gateway's tasks.
  void administer(admin::AdminSocket& socket, metrics::Registry& registry);

  /// Where the webhook's listener listens; 0 without one.
  std::uint16_t webhook_port() const;

  /// Asks for an orderly end: nothing new is taken, messages on their way may finish.
  void end(int exit_status);

 private:
  struct Parts;

  boost::asio::awaitable<void> start();
  boost::asio::awaitable<bool> open_on_server();
  boost::asio::awaitable<void> wait_for_lock(GatewayLock& lock);
  void tell_ready();
  boost::asio::awaitable<std::optional<telegram::Bot>> identify();
  void start_parts(const telegram::Bot& bot);
  void start_hearing();
  boost::asio::awaitable<void> poll();
  boost::asio::awaitable<void> watch_webhook();
  void refused(const std::string& words);
  boost::asio::awaitable<void> keep_house();
  boost::asio::awaitable<void> shut_down(bool killed);
  boost::asio::awaitable<void> cut_sending();
  void fault(std::string_view task, std::string_view what);

  boost::asio::any_io_executor executor_;
  const config::GatewaySettings& settings_;
  std::function<void()> on_ready_;
  GatewayOptions options_;
  std::optional<WebhookDoor> door_;          ///< until its listener has it
  std::optional<GatewayDatabase> database_;  ///< on a server: from when we have the bot's lock
  telegram::BotApi api_;
  api::OrchestratorClient orchestrator_;
  telegram::FileDownloads downloads_;
  async::TaskGroup working_;  ///< all but what is being sent
  async::TaskGroup sending_;
  FloodControl flood_;
  async::TaskGroup grace_;
  async::Event ended_;
  std::optional<int> exit_status_;
  bool standby_ = false;  ///< another gateway of this bot works
  bool told_ready_ = false;
  std::unique_ptr<Parts> parts_;  ///< made when we know which bot we are
};

}  // namespace butler::gateway
