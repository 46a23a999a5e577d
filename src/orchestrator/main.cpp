#include "orchestrator/main.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "http/server.hpp"
#include "log/log.hpp"
#include "orchestrator/administration.hpp"
#include "orchestrator/application.hpp"
#include "orchestrator/commit_queue.hpp"
#include "orchestrator/first_version.hpp"
#include "orchestrator/lease_sweeper.hpp"
#include "orchestrator/retention.hpp"
#include "orchestrator/routes.hpp"
#include "orchestrator/wakeups.hpp"
#include "process/role.hpp"
#include "store/postgres_job_store.hpp"
#include "store/sqlite_job_store.hpp"

namespace butler::orchestrator {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds shutdown_grace{2'000};
constexpr std::chrono::milliseconds fault_grace{300};
/// Kept back from connections: for databases, the log, and what turns others away.
constexpr std::size_t own_descriptors = 32;
constexpr std::chrono::seconds home_check_interval{30};

/// Where the settings say. Throws when it cannot be opened.
std::unique_ptr<store::JobStore> open_store(const config::OrchestratorSettings& settings) {
  const auto file = settings.home / "state.db";
  if (settings.database_url.empty()) {
    return std::make_unique<store::SqliteJobStore>(file, domain::wall_clock_now());
  }
  log::redact(settings.database_url.reveal());
  std::error_code unknown;
  if (std::filesystem::exists(file, unknown)) log::warn("store.other_state", {{"file", file.string()}});
  return std::make_unique<store::PostgresJobStore>(settings.database_url.reveal(),
                                                   "butler-orchestrator-" + process::random_hex(4),
                                                   domain::wall_clock_now());
}

/// Clients refuse one that has expired: the log says so at the start, not only theirs.
void log_certificate(const config::OrchestratorSettings& settings, const http::ServerTls& tls) {
  const auto expires = domain::to_iso8601(tls.expires());
  if (tls.expires() <= domain::wall_clock_now()) {
    log::error("tls.certificate_expired", {{"file", settings.certificate.string()}, {"expired", expires}});
  } else {
    log::info("tls.certificate", {{"file", settings.certificate.string()}, {"expires", expires}});
  }
}

/// The whole role, wired by hand.
class Orchestrator {
 public:
  Orchestrator(const config::OrchestratorSettings& settings, std::optional<http::ListeningSocket> admin,
               std::shared_ptr<http::ServerTls> tls)
      : settings_(settings),
        opened_store_(open_store(settings)),
        leases_(store_, touched_, clock_, measures_, settings.lease, settings.session_home),
        jobs_(store_, touched_, clock_, measures_, settings.attachment_wait),
        files_(settings.home / "artifacts", store_.peers() != nullptr),
        artifacts_(store_, touched_, leases_, files_, settings.artifact_quota),
        approvals_(store_, touched_, measures_, leases_),
        retention_(store_, measures_, files_, settings.retention),
        commits_(
            context_.get_executor(), store_, touched_, measures_, [this] { fail(); },
            [this] { leases_.recover(now_on_both_clocks()); },
            [this] { leases_.grant_grace(now_on_both_clocks()); }),
        application_(settings_, routes_, commits_, measures_),
        server_(context_.get_executor(), server_options(settings, std::move(tls)), application_),
        tasks_(context_.get_executor(), [this](std::string_view task, std::string_view what) {
          log::error("task.fault", {{"task", task}, {"error", what}});
          fail();
        }) {
    add_job_routes(routes_, jobs_, artifacts_);
    add_approval_routes(routes_, approvals_);
    add_delivery_routes(routes_, jobs_);
    add_worker_routes(routes_, leases_);
    add_artifact_routes(routes_, artifacts_);
    add_admin_routes(routes_, jobs_, store_);
    add_document_route(routes_);
    add_metrics_route(routes_, [this] { return metrics_text(); });
    if (auto* const peers = store_.peers()) wakeups_.emplace(context_.get_executor(), *peers, commits_);
    if (!admin) return;
    administration_.emplace(context_.get_executor(), *std::move(admin));
    add_administration(*administration_, store_, [this] { return metrics_text(); });
  }

  int run() {
    begin_serving();
    server_.listen();
    tasks_.spawn("http", server_.run());
    tasks_.spawn("leases", sweep(commits_, leases_, clock_, approvals_, jobs_));
    tasks_.spawn("homes", watch_homes());
    tasks_.spawn("retention", remove_old(commits_, retention_));
    tasks_.spawn("orphans", remove_orphans(commits_, files_, store_.artifacts()));
    if (administration_) tasks_.spawn("administration", administration_->run());
    if (wakeups_) {
      tasks_.spawn("wakeups", wakeups_->listen());
      tasks_.spawn("missed wakeups", wakeups_->look_for_missed());
    }
    main_.spawn("stop", stop_when_asked());
    // Behind the tasks' first steps: who is told that this is ready may send the stop signal at once.
    asio::post(context_, [this] {
      const auto head = audit_head();
      log::info("orchestrator.ready", {{"host", settings_.host},
                                       {"port", server_.port()},
                                       {"audit_rows", head.empty() ? 0 : head.front().seq},
                                       {"audit_head", head.empty() ? "" : head.front().hash}});
      process::notify_ready();
    });
    try {
      context_.run();
    } catch (const std::exception& error) {
      log::error("orchestrator.cannot_run", {{"error", error.what()}});
      failed_ = true;
    }
    // Requests may still be parked: their frames are left to the system, not torn down half-way.
    if (failed_) std::_Exit(1);
    return 0;
  }

 private:
  static http::ServerOptions server_options(const config::OrchestratorSettings& settings,
                                            std::shared_ptr<http::ServerTls> tls) {
    if (tls) log_certificate(settings, *tls);
    http::ServerOptions options;
    options.tls = std::move(tls);
    options.host = settings.host;
    options.port = settings.port;
    const std::size_t descriptors = std::max(process::raise_descriptor_limit(), 2 * own_descriptors);
    options.connections = std::min(options.connections, descriptors - own_descriptors);
    return options;
  }

  /// Among the other orchestrators, where there are some.
  void begin_serving() {
    jobs_.go_on_after_stored();
    auto* const peers = store_.peers();
    if (peers == nullptr) {
      leases_.grant_grace(now_on_both_clocks());
      return;
    }
    store_.begin();
    store_.unit([this, peers] {
      if (const auto other = peers->enter(files_.identity(), settings_.lease)) {
        throw std::runtime_error((settings_.home / "artifacts").string() + " is not the folder that " +
                                 *other +
                                 " has, which serves the same database: give both the same one (a mount, a "
                                 "symbolic link), or stop "
                                 "the other one and wait " +
                                 std::to_string(settings_.lease.count()) + " seconds");
      }
      leases_.grant_grace(now_on_both_clocks());
    });
    store_.commit();
  }

  /// The last row of the audit log; none when the store has just gone away.
  std::vector<api::AuditRow> audit_head() {
    try {
      return store_.read([this] { return store_.audit().last_rows(1); });
    } catch (const store::StoreFault& fault) {
      log::error("store.error", {{"error", fault.what()}});
      return {};
    }
  }

  std::string metrics_text() {
    Measures::Now now{
        .parked = commits_.parked(), .connections = server_.connections(), .time = domain::wall_clock_now()};
    store_.look([&] {
      now.backlog = store_.backlog();
      now.paused = store_.admin_state().paused;
      now.artifact_bytes = store_.artifacts().bytes();
    });
    return measures_.text(now);
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
  std::unique_ptr<store::JobStore> opened_store_;
  store::JobStore& store_{*opened_store_};
  Touched touched_;
  LeaseClock clock_;
  Measures measures_;
  LeaseService leases_;
  JobService jobs_;
  ArtifactFiles files_;
  ArtifactService artifacts_;
  ApprovalService approvals_;
  Retention retention_;
  CommitQueue commits_;
  RouteTable routes_;
  ApiApplication application_;
  http::Server server_;
  std::optional<Wakeups> wakeups_;
  std::optional<admin::AdminSocket> administration_;
  async::TaskGroup tasks_;
  async::TaskGroup main_{context_.get_executor()};
  bool failed_ = false;
};

}  // namespace

int run(const config::OrchestratorSettings& settings, std::optional<http::ListeningSocket> admin,
        std::shared_ptr<http::ServerTls> tls) {
  try {
    return Orchestrator(settings, std::move(admin), std::move(tls)).run();
  } catch (const std::exception& error) {
    log::error("orchestrator.cannot_run", {{"error", error.what()}});
    return 1;
  }
}

domain::TakenOver take_over_first_version(const std::filesystem::path& home, const json::Value& state) {
  const auto now = domain::wall_clock_now();
  store::SqliteJobStore store(home / "state.db", now);
  return take_over(store, read_first_version(state), now);
}

}  // namespace butler::orchestrator
