#include "store/rows.hpp"
#include "store/sqlite_job_store.hpp"

// What is removed because it is old. Events, messages, lease and delivery of a job go with its row.
namespace butler::store {

namespace {

/// The job that ended first, of those that nobody waits for.
constexpr std::string_view first_ended =
    "SELECT row, finished_at FROM jobs INDEXED BY jobs_ended WHERE finished_at IS NOT NULL "
    "AND finished_at < ? AND NOT EXISTS (SELECT 1 FROM deliveries WHERE job_row = jobs.row) "
    "ORDER BY finished_at LIMIT 1";

constexpr std::chrono::milliseconds one_day = std::chrono::days{1};

}  // namespace

std::optional<domain::Timestamp> SqliteJobStore::oldest_ended() {
  auto& statement = database_.prepared(first_ended).bind(INT64_MAX);
  if (!statement.step()) return std::nullopt;
  const auto ended = to_timestamp(statement.integer(1));
  statement.reset();
  return ended;
}

RemovedRows SqliteJobStore::remove_ended(domain::Timestamp before, std::size_t most) {
  RemovedRows removed;
  const auto limit = static_cast<std::int64_t>(most);
  while (removed.rows < limit) {
    auto& find = database_.prepared(first_ended).bind(to_milliseconds(before));
    if (!find.step()) break;
    const auto row = find.integer(0);
    find.reset();
    // A job can have thousands of events: they go first, by as many steps as it takes.
    removed.rows += database_
                        .prepared(
                            "DELETE FROM events WHERE job_row = ?1 AND seq IN "
                            "(SELECT seq FROM events WHERE job_row = ?1 ORDER BY seq LIMIT ?2)")
                        .bind(row, limit - removed.rows)
                        .run();
    if (removed.rows >= limit) break;
    auto& with_files =
        database_
            .prepared(
                "SELECT id FROM jobs WHERE row = ?1 AND EXISTS (SELECT 1 FROM artifacts WHERE job_row = ?1)")
            .bind(row);
    while (with_files.step()) removed.with_artifacts.push_back(with_files.string(0));
    database_.prepared("DELETE FROM jobs WHERE row = ?").bind(row).run();
    ++removed.rows;
    ++removed.jobs;
  }
  return removed;
}

std::int64_t SqliteJobStore::remove_sessions(domain::Timestamp before, std::size_t most) {
  return database_
      .prepared(
          "DELETE FROM sessions WHERE session_key IN (SELECT session_key FROM sessions INDEXED BY "
          "sessions_used "
          "WHERE used_at < ? AND NOT EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_queued "
          "WHERE jobs.session_key = sessions.session_key AND status = 'queued') "
          "AND NOT EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_leased "
          "WHERE jobs.session_key = sessions.session_key AND status IN ('running', 'aborting')) LIMIT ?)")
      .bind(to_milliseconds(before - one_day), most)
      .run();
}

void SqliteJobStore::bind_session(std::string_view session_key, std::string_view session_store,
                                  domain::Timestamp now) {
  database_
      .prepared(
          "INSERT INTO sessions (session_key, store, used_at) VALUES (?, ?, ?) ON CONFLICT (session_key) "
          "DO UPDATE SET used_at = excluded.used_at WHERE used_at <= excluded.used_at - ?")
      .bind(session_key, session_store, to_milliseconds(now), one_day.count())
      .run();
}

}  // namespace butler::store
