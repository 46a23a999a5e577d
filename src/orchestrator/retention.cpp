#include "orchestrator/retention.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "async/event.hpp"
#include "log/log.hpp"

namespace butler::orchestrator {

namespace {

using std::chrono::milliseconds;

/// Rows that one commit removes: a few milliseconds of work.
constexpr std::size_t step_rows = 256;
constexpr milliseconds longest_pause = std::chrono::hours{1};
constexpr milliseconds shortest_pause = std::chrono::seconds{1};
constexpr milliseconds store_away_pause = std::chrono::seconds{30};

}  // namespace

milliseconds Retention::step(domain::Timestamp now) {
  const auto before = now - keep_;
  auto removed = store_.remove_ended(before, step_rows);
  without_rows_ = std::move(removed.with_artifacts);
  const auto sessions = store_.remove_sessions(before, step_rows);
  const auto decisions = store_.approvals().remove_unused_standing(before, step_rows);
  measures_.removed(removed.jobs);
  if (removed.jobs > 0 || sessions > 0 || decisions > 0) {
    store_.audit().append(
        {.ts = now,
         .actor = "orchestrator",
         .action = "retention.removed",
         .subject = "retention",
         .details = {{"jobs", removed.jobs}, {"sessions", sessions}, {"decisions", decisions}}});
    log::info("retention.removed",
              {{"jobs", removed.jobs}, {"sessions", sessions}, {"decisions", decisions}});
  }
  constexpr auto whole_step = static_cast<std::int64_t>(step_rows);
  if (removed.rows >= whole_step || sessions >= whole_step || decisions >= whole_step) return milliseconds{0};
  const auto oldest = store_.oldest_ended();
  if (!oldest) return longest_pause;
  return std::clamp<milliseconds>(*oldest + keep_ - now, shortest_pause, longest_pause);
}

void Retention::remove_files() {
  for (const auto& job_id : std::exchange(without_rows_, {})) {
    try {
      files_.remove(job_id);
    } catch (const std::system_error& fault) {
      log::error("artifact.file_fault", {{"job", job_id}, {"error", fault.what()}});
    }
  }
}

boost::asio::awaitable<void> remove_old(CommitQueue& commits, Retention& retention) {
  for (;;) {
    const auto start = std::chrono::steady_clock::now();
    milliseconds pause{0};
    const bool done =
        co_await commits.run([&retention, &pause] { pause = retention.step(domain::wall_clock_now()); });
    if (done) {
      retention.remove_files();
    } else {
      pause = store_away_pause;
    }
    const auto took = std::chrono::steady_clock::now() - start;
    co_await async::sleep_for(std::max<std::chrono::steady_clock::duration>(pause, took));
  }
}

}  // namespace butler::orchestrator
