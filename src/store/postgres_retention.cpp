#include "store/postgres_job_store.hpp"
#include "store/rows.hpp"

// What is removed because it is old. Events, messages, lease and delivery of a job go with its row.
namespace butler::store {

namespace {

/// The job that ended first, of those that nobody waits for.
constexpr std::string_view job_that_ended_first =
    "SELECT row, finished_at FROM jobs WHERE finished_at IS NOT NULL AND finished_at < $1 "
    "AND NOT EXISTS (SELECT 1 FROM deliveries WHERE job_row = jobs.row) ORDER BY finished_at LIMIT 1";

constexpr std::chrono::milliseconds a_day = std::chrono::days{1};

}  // namespace

std::optional<domain::Timestamp> PostgresJobStore::oldest_ended() {
  const auto found = link_.query(job_that_ended_first, INT64_MAX);
  return found.empty() ? std::nullopt : std::optional{to_timestamp(found[0].integer(1))};
}

RemovedRows PostgresJobStore::remove_ended(domain::Timestamp before, std::size_t most) {
  link_.forget();  // events go
  RemovedRows removed;
  const auto limit = static_cast<std::int64_t>(most);
  while (removed.rows < limit) {
    const auto found = link_.query(job_that_ended_first, to_milliseconds(before));
    if (found.empty()) break;
    const auto row = found[0].integer(0);
    // A job can have thousands of events: they go first, by as many steps as it takes.
    removed.rows += link_
                        .query(
                            "DELETE FROM events WHERE job_row = $1 AND seq IN "
                            "(SELECT seq FROM events WHERE job_row = $1 ORDER BY seq LIMIT $2)",
                            row, limit - removed.rows)
                        .changed();
    if (removed.rows >= limit) break;
    for (const auto with_files : link_.query(
             "SELECT id FROM jobs WHERE row = $1 AND EXISTS (SELECT 1 FROM artifacts WHERE job_row = $1)",
             row)) {
      removed.with_artifacts.push_back(with_files.string(0));
    }
    link_.query("DELETE FROM jobs WHERE row = $1", row);
    ++removed.rows;
    ++removed.jobs;
  }
  return removed;
}

std::int64_t PostgresJobStore::remove_sessions(domain::Timestamp before, std::size_t most) {
  return link_
      .query(
          "DELETE FROM sessions WHERE session_key IN (SELECT session_key FROM sessions WHERE used_at < $1 "
          "AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.session_key = sessions.session_key "
          "AND status = 'queued') "
          "AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.session_key = sessions.session_key "
          "AND status IN ('running', 'aborting')) LIMIT $2)",
          to_milliseconds(before - a_day), most)
      .changed();
}

void PostgresJobStore::bind_session(std::string_view session_key, std::string_view session_store,
                                    domain::Timestamp now) {
  link_.later(
      "INSERT INTO sessions (session_key, store, used_at) VALUES ($1, $2, $3) ON CONFLICT (session_key) "
      "DO UPDATE SET used_at = excluded.used_at WHERE sessions.used_at <= excluded.used_at - $4::bigint",
      session_key, session_store, to_milliseconds(now), a_day.count());
}

}  // namespace butler::store
