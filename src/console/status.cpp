#include "console/status.hpp"

#include <algorithm>
#include <array>
#include <ostream>

#include "api/describe.hpp"
#include "console/connection.hpp"
#include "domain/describe.hpp"
#include "domain/job_status.hpp"
#include "json/codec.hpp"
#include "process/installation.hpp"

namespace butler::console {

namespace asio = boost::asio;

namespace {

constexpr std::array role_names{"orchestrator", "gateway", "worker"};
constexpr std::array open_statuses{domain::JobStatus::running, domain::JobStatus::aborting,
                                   domain::JobStatus::needs_approval, domain::JobStatus::queued};
constexpr std::chrono::seconds role_patience{10};
constexpr std::size_t most_open_jobs = 2'000;

/// Fills in what only the orchestrator's API tells.
asio::awaitable<void> ask_orchestrator(Connection& connection, Status& status) {
  const auto admin = co_await connection.orchestrator().admin_state();
  if (!admin) {
    status.trouble = connection.explain(admin.error());
    co_return;
  }
  status.paused = admin->paused;
  status.pause_reason = admin->pause_reason;
  for (const auto wanted : open_statuses) {
    api::JobQuery query;
    query.status = wanted;
    auto jobs = co_await jobs_matching(connection, query, most_open_jobs);
    std::ranges::move(jobs, std::back_inserter(status.open_jobs));
  }
  status.waiting_calls = co_await waiting_calls(connection);
  // An orchestrator of an earlier version does not tell.
  auto workers = co_await connection.orchestrator().workers();
  if (workers) status.workers = *std::move(workers);
  place_absent_roles(status, domain::wall_clock_now());
}

asio::awaitable<Status> collect(Connection& connection, std::string version) {
  const Access& access = connection.access();
  Status status{.version = std::move(version), .url = access.url, .start_command = process::start_command()};
  for (const char* const role : role_names) {
    const auto answer =
        co_await admin::call_role(connection.executor(), access.home, role, "GET", "/health", role_patience);
    status.roles.push_back(read_health(role, answer));
  }
  co_await ask_orchestrator(connection, status);
  co_return status;
}

}  // namespace

int show_status(const Access& access, std::string version, Streams streams) {
  Connection connection(access);
  const auto status = connection.run(collect(connection, std::move(version)));
  if (streams.json) {
    streams.write(status_json(status));
  } else {
    streams.out << status_text(status, domain::wall_clock_now(), streams.palette);
  }
  return status.well() ? 0 : 1;
}

}  // namespace butler::console
