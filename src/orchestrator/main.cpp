#include "orchestrator/main.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <utility>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "http/server.hpp"
#include "log/log.hpp"
#include "orchestrator/administration.hpp"
#include "orchestrator/application.hpp"
#include "orchestrator/commit_queue.hpp"
#include "orchestrator/lease_sweeper.hpp"
#include "orchestrator/retention.hpp"
#include "orchestrator/routes.hpp"
#include "process/role.hpp"
#include "store/sqlite_job_store.hpp"

namespace butler::orchestrator {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds shutdown_grace{2'000};
constexpr std::chrono::milliseconds fault_grace{300};
/// Kept back from connections: for databases, the log, and what turns others away.
constexpr std::size_t own_descriptors = 32;
constexpr std::chrono::seconds home_check_interval{30};

/// The whole role, wired by hand.
class Orchestrator {
 public:
  Orchestrator(const config::OrchestratorSettings& settings, std::optional<http::ListeningSocket> admin)
      : settings_(settings),
        store_(settings.home / "state.db", domain::wall_clock_now()),
        leases_(store_, touched_, clock_, measures_, settings.lease, settings.session_home),
        jobs_(store_, touched_, clock_, measures_),
        approvals_(store_, touched_, measures_, leases_),
        retention_(store_, measures_, settings.retention),
        commits_(
            context_.get_executor(), store_, touched_, measures_, [this] { fail(); },
            [this] { leases_.recover(now_on_both_clocks()); }),
        application_(settings_, routes_, commits_, measures_),
        server_(context_.get_executor(), server_options(settings), application_),
        tasks_(context_.get_executor(), [this](std::string_view task, std::string_view what) {
          log::error("task.fault", {{"task", task}, {"error", what}});
          fail();
        }) {
    add_job_routes(routes_, jobs_);
    add_approval_routes(routes_, approvals_);
    add_delivery_routes(routes_, jobs_);
    add_worker_routes(routes_, leases_);
    add_admin_routes(routes_, jobs_, store_);
    add_document_route(routes_);
    add_metrics_route(routes_, [this] { return metrics_text(); });
    if (!admin) return;
    administration_.emplace(context_.get_executor(), *std::move(admin));
    add_administration(*administration_, store_, [this] { return metrics_text(); });
  }

  int run() {
    leases_.grant_grace(now_on_both_clocks());
    server_.listen();
    tasks_.spawn("http", server_.run());
    tasks_.spawn("leases", sweep(commits_, leases_, clock_, approvals_));
    tasks_.spawn("homes", watch_homes());
    tasks_.spawn("retention", remove_old(commits_, retention_));
    if (administration_) tasks_.spawn("administration", administration_->run());
    main_.spawn("stop", stop_when_asked());
    // Behind the tasks' first steps: who is told that this is ready may send the stop signal at once.
    asio::post(context_, [this] {
      const auto head = store_.audit().last_rows(1);
      log::info("orchestrator.ready", {{"host", settings_.host},
                                       {"port", server_.port()},
                                       {"audit_rows", head.empty() ? 0 : head.front().seq},
                                       {"audit_head", head.empty() ? "" : head.front().hash}});
      process::notify_ready();
    });
    context_.run();
    // Requests may still be parked: their frames are left to the system, not torn down half-way.
    if (failed_) std::_Exit(1);
    return 0;
  }

 private:
  static http::ServerOptions server_options(const config::OrchestratorSettings& settings) {
    http::ServerOptions options;
    options.host = settings.host;
    options.port = settings.port;
    const std::size_t descriptors = std::max(process::raise_descriptor_limit(), 2 * own_descriptors);
    options.connections = std::min(options.connections, descriptors - own_descriptors);
    return options;
  }

  std::string metrics_text() {
    return measures_.text({.backlog = store_.backlog(),
                           .paused = store_.admin_state().paused,
                           .parked = commits_.parked(),
                           .connections = server_.connections(),
                           .time = domain::wall_clock_now()});
  }

  asio::awaitable<void> watch_homes() {
    for (;;) {
      co_await async::sleep_for(home_check_interval);
      const auto now = now_on_both_clocks();
      co_await commits_.run([this, now] { leases_.report_absent_homes(now); });
    }
  }

  asio::awaitable<void> stop_when_asked() {
    co_await process::wait_for_stop_signal();
    log::info("orchestrator.stopping");
    application_.close();
    commits_.stop_waiting();
    co_await server_.shut_down(shutdown_grace);
    tasks_.cancel();
    co_await tasks_.join();
  }

  /// What is on disk is not known, or a part that must run has ended: leave, and recover from disk at the
  /// next start.
  void fail() {
    if (failed_) return;
    failed_ = true;
    application_.close();
    main_.spawn("leave", answer_and_leave());
  }

  asio::awaitable<void> answer_and_leave() {
    co_await server_.shut_down(fault_grace);
    context_.stop();
  }

  const config::OrchestratorSettings& settings_;
  asio::io_context context_{1};
  store::SqliteJobStore store_;
  Touched touched_;
  LeaseClock clock_;
  Measures measures_;
  LeaseService leases_;
  JobService jobs_;
  ApprovalService approvals_;
  Retention retention_;
  CommitQueue commits_;
  RouteTable routes_;
  ApiApplication application_;
  http::Server server_;
  std::optional<admin::AdminSocket> administration_;
  async::TaskGroup tasks_;
  async::TaskGroup main_{context_.get_executor()};
  bool failed_ = false;
};

}  // namespace

int run(const config::OrchestratorSettings& settings, std::optional<http::ListeningSocket> admin) {
  try {
    return Orchestrator(settings, std::move(admin)).run();
  } catch (const std::exception& error) {
    log::error("orchestrator.cannot_run", {{"error", error.what()}});
    return 1;
  }
}

}  // namespace butler::orchestrator
