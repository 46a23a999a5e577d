#include "gateway/main.hpp"

#include <boost/asio/io_context.hpp>
#include <utility>

#include "admin/admin_socket.hpp"
#include "async/task_group.hpp"
#include "gateway/first_version.hpp"
#include "gateway/gateway.hpp"
#include "gateway/sql_gateway_store.hpp"
#include "log/log.hpp"
#include "metrics/process_metrics.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

asio::awaitable<void> end_on_signal(Gateway& gateway) {
  co_await process::wait_for_stop_signal();
  log::info("gateway.stopping");
  gateway.end(0);
}

/// Nothing is left to wait for then but idle connections and their deadlines: they go with the loop.
asio::awaitable<void> run_to_the_end(Gateway& gateway, asio::io_context& context, int& exit_status) {
  exit_status = co_await gateway.run();
  context.stop();
}

}  // namespace

int run(const config::GatewaySettings& settings, std::optional<http::ListeningSocket> admin,
        std::optional<WebhookDoor> door) {
  int exit_status = 1;
  try {
    asio::io_context context{1};
    metrics::Registry registry;
    metrics::add_process_metrics(registry);
    std::optional<admin::AdminSocket> administration;
    Gateway gateway(context.get_executor(), settings, process::notify_ready, {}, std::move(door));
    async::TaskGroup signals(context.get_executor());
    async::TaskGroup main(context.get_executor());
    signals.spawn("signals", end_on_signal(gateway));
    if (admin) {
      administration.emplace(context.get_executor(), *std::move(admin));
      gateway.administer(*administration, registry);
      signals.spawn("administration", administration->run());
    }
    main.spawn("gateway", run_to_the_end(gateway, context, exit_status));
    context.run();
  } catch (const std::exception& error) {
    log::error("gateway.cannot_run", {{"error", error.what()}});
  }
  return exit_status;
}

domain::TakenOver take_over_first_version(const std::filesystem::path& home, const json::Value& pairings,
                                          const json::Value& sessions) {
  const auto now = domain::wall_clock_now();
  auto opened = GatewayDatabase::open(home, now);
  return take_over(*opened.database, read_first_version(pairings, sessions), now);
}

}  // namespace butler::gateway
