#include "store/sqlite_job_store.hpp"

#include <algorithm>

#include "api/describe.hpp"
#include "domain/limits.hpp"
#include "sqlite/migrations.hpp"
#include "store/job_list_query.hpp"
#include "store/migrations.hpp"
#include "store/rows.hpp"

namespace butler::store {

using domain::enum_name;

namespace {

std::string id_list(const std::vector<std::string>& items) {
  return json::serialize(json::Value(json::Array(items.begin(), items.end())));
}

bool carries_all(const std::vector<std::string>& offered,
                 const std::optional<std::vector<std::string>>& wanted) {
  if (!wanted) return true;
  return std::ranges::all_of(
      *wanted, [&](const auto& label) { return std::ranges::find(offered, label) != offered.end(); });
}

}  // namespace

SqliteJobStore::SqliteJobStore(const std::filesystem::path& file, domain::Timestamp now)
    : lock_(file), database_(sqlite::Database::open(file)) {
  sqlite::migrate(database_.database(), orchestrator_migrations(), now);
}

void SqliteJobStore::begin() {
  try {
    transaction_.emplace(database_.database());
    audit_.forget_last_row();
    changed_before_ = database_.database().changed_rows();
  } catch (const sqlite::Error& error) {
    throw StoreFault(error.what());
  }
}

bool SqliteJobStore::commit() {
  const bool wrote = has_written();
  transaction_->commit();
  transaction_.reset();
  return wrote;
}

bool SqliteJobStore::has_written() const { return database_.database().changed_rows() != changed_before_; }

void SqliteJobStore::rollback() {
  transaction_.reset();
  audit_.forget_last_row();
}

bool SqliteJobStore::in_transaction() const { return database_.database().in_transaction(); }

void SqliteJobStore::unit(const std::function<void()>& work) {
  try {
    sqlite::Savepoint savepoint(database_.database());
    work();
    savepoint.release();
  } catch (const sqlite::Error& error) {
    audit_.forget_last_row();
    throw StoreFault(error.what());
  } catch (...) {
    audit_.forget_last_row();
    throw;
  }
}

void SqliteJobStore::look(const std::function<void()>& work) {
  try {
    database_.look(work);
  } catch (const sqlite::Error& error) {
    throw StoreFault(error.what());
  }
}

std::int64_t SqliteJobStore::insert(const domain::Job& job,
                                    const std::optional<std::string>& idempotency_key) {
  // The usual job, alone in its session, is claimable from the start: refresh_head() finds nothing to write.
  const bool may_be_head = job.status == domain::JobStatus::queued && !job.attachments;
  database_
      .prepared(
          "INSERT INTO jobs (id, kind, status, prompt, channel, chat_id, requester_id, thread_id, "
          "session_key, "
          "requires_approval, metadata, deliver_to, labels, attachments, max_attempts, created_at, "
          "updated_at, idempotency_key, claimable) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?9, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?19"
          " AND NOT EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_leased WHERE session_key = ?9 AND status IN "
          "('running', 'aborting'))"
          " AND NOT EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_queued WHERE session_key = ?9 AND status = "
          "'queued'))")
      .bind(job.id, enum_name(job.kind), enum_name(job.status), job.prompt, enum_name(job.channel),
            job.chat_id, job.requester_id, job.thread_id, job.session_key, job.requires_approval,
            metadata_text(job), job.deliver_to, labels_text(job), attachments_text(job), job.max_attempts,
            to_milliseconds(job.created_at), to_milliseconds(job.updated_at), idempotency_key, may_be_head)
      .run();
  return database_.last_insert_row();
}

std::optional<JobRecord> SqliteJobStore::one(sqlite::Statement& statement) {
  if (!statement.step()) return std::nullopt;
  auto record = read_record(statement);
  statement.reset();
  return record;
}

std::optional<JobRecord> SqliteJobStore::find(std::string_view id) {
  static const std::string sql = select_records("WHERE id = ?");
  return one(database_.prepared(sql).bind(id));
}

std::optional<JobRecord> SqliteJobStore::find_by_idempotency_key(std::string_view key) {
  static const std::string sql = select_records("WHERE idempotency_key = ?");
  return one(database_.prepared(sql).bind(key));
}

std::optional<JobRecord> SqliteJobStore::find_by_claim(std::string_view claim_id) {
  static const std::string sql = select_records("WHERE leases.claim_id = ?");
  return one(database_.prepared(sql).bind(claim_id));
}

std::vector<domain::Job> SqliteJobStore::list(const JobFilter& filter) {
  auto& statement =
      database_.prepared(select_records(job_list_query(filter)))
          .bind(filter.chat_id, filter.requester_id, filter.session_key, filter.before, filter.limit);
  std::vector<domain::Job> jobs;
  while (statement.step()) {
    jobs.push_back(read_record(statement).job);
    jobs.back().result_text.reset();
  }
  return jobs;
}

std::vector<JobRecord> SqliteJobStore::leased() {
  static const std::string sql = select_records("WHERE jobs.status IN ('running', 'aborting')");
  auto& statement = database_.prepared(sql).bind();
  std::vector<JobRecord> records;
  while (statement.step()) records.push_back(read_record(statement));
  return records;
}

bool SqliteJobStore::update(const JobRecord& changed, domain::JobStatus expected) {
  const auto& job = changed.job;
  const auto token = changed.lease ? std::optional{changed.lease->token} : std::nullopt;
  const auto changed_rows =
      database_
          .prepared(
              "UPDATE jobs SET status = ?, abort_requested = ?, worker_id = ?, attempt = ?, result_text = ?, "
              "error = ?, usage = ?, updated_at = ?, started_at = ?, finished_at = ?, claimable = 0, "
              "attachments_due = CASE WHEN ?1 = 'aborted' THEN NULL ELSE attachments_due END "
              "WHERE row = ? AND status = ? AND (SELECT token FROM leases WHERE job_row = jobs.row) IS ?")
          .bind(enum_name(job.status), job.abort_requested, job.worker_id, job.attempt, job.result_text,
                job.error, usage_text(job), to_milliseconds(job.updated_at), to_milliseconds(job.started_at),
                to_milliseconds(job.finished_at), changed.row, enum_name(expected), token)
          .run();
  return changed_rows == 1;
}

std::optional<JobRecord> SqliteJobStore::oldest_claimable(const ClaimFilter& filter) {
  // No time predicate, and the partial index by name: after ANALYZE the planner would pick a skip-scan with a
  // sort.
  static const std::string sql =
      "SELECT " + std::string{record_columns} +
      " FROM jobs INDEXED BY jobs_claimable LEFT JOIN leases ON leases.job_row = jobs.row"
      " LEFT JOIN sessions ON sessions.session_key = jobs.session_key"
      " WHERE claimable = 1 AND (?1 IS NULL OR sessions.store IS NULL OR sessions.store = ?1) ORDER BY id";
  auto& statement = database_.prepared(sql).bind(filter.session_store);
  while (statement.step()) {
    auto record = read_record(statement);
    const bool kind_fits =
        !filter.kinds || std::ranges::find(*filter.kinds, record.job.kind) != filter.kinds->end();
    if (!kind_fits || !carries_all(filter.labels, record.job.labels)) continue;
    statement.reset();
    return record;
  }
  return std::nullopt;
}

bool SqliteJobStore::has_claimable() {
  auto& statement =
      database_.prepared("SELECT 1 FROM jobs INDEXED BY jobs_claimable WHERE claimable = 1 LIMIT 1").bind();
  const bool found = statement.step();
  statement.reset();
  return found;
}

void SqliteJobStore::put_lease(std::int64_t row, const Lease& lease) {
  database_
      .prepared(
          "INSERT INTO leases (job_row, token, worker_id, since, claim_id, token_presented, "
          "accepted_without_token, "
          "had_activity, last_batch, next_claim_id, open_tool_calls) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
          "ON CONFLICT (job_row) DO UPDATE SET token = ?2, worker_id = ?3, since = ?4, claim_id = ?5, "
          "token_presented = ?6, accepted_without_token = ?7, had_activity = ?8, last_batch = ?9, "
          "next_claim_id = ?10, open_tool_calls = ?11")
      .bind(row, lease.token, lease.worker_id, to_milliseconds(lease.since), lease.claim_id,
            lease.token_presented, lease.accepted_without_token, lease.had_activity, lease.last_batch,
            lease.next_claim_id, open_tool_calls_text(lease))
      .run();
}

void SqliteJobStore::remove_lease(std::int64_t row) {
  database_.prepared("DELETE FROM leases WHERE job_row = ?").bind(row).run();
}

bool SqliteJobStore::refresh_head(std::string_view session_key) {
  // The conditions stand as they do in the partial indexes: SQLite proves nothing cleverer.
  auto& busy = database_
                   .prepared(
                       "SELECT 1 FROM jobs INDEXED BY jobs_leased WHERE session_key = ? AND status IN "
                       "('running', 'aborting') LIMIT 1")
                   .bind(session_key);
  if (busy.step()) {
    busy.reset();
    return false;
  }
  // An approved job can be older than the head that was there: the newer one steps back. One that waits for
  // its attachments holds back those behind it.
  auto& queued = database_
                     .prepared(
                         "SELECT row, claimable, attachments_due FROM jobs INDEXED BY jobs_queued WHERE "
                         "session_key = ? AND status = 'queued' ORDER BY id LIMIT 2")
                     .bind(session_key);
  bool any_claimable = false;
  std::vector<std::pair<std::int64_t, bool>> wrong;
  for (bool is_head = true; queued.step(); is_head = false) {
    const bool claimable = is_head && queued.is_null(2);
    any_claimable |= claimable;
    if (claimable != (queued.integer(1) != 0)) wrong.emplace_back(queued.integer(0), claimable);
  }
  for (const auto& [row, claimable] : wrong) {
    database_.prepared("UPDATE jobs SET claimable = ? WHERE row = ?").bind(claimable, row).run();
  }
  return any_claimable;
}

std::optional<std::string> SqliteJobStore::session_store(std::string_view session_key) {
  auto& statement = database_.prepared("SELECT store FROM sessions WHERE session_key = ?").bind(session_key);
  if (!statement.step()) return std::nullopt;
  auto found = statement.string(0);
  statement.reset();
  return found;
}

std::string SqliteJobStore::newest_job_id() {
  auto& statement = database_.prepared("SELECT coalesce(max(id), '') FROM jobs").bind();
  statement.step();
  auto id = statement.string(0);
  statement.reset();
  return id;
}

std::vector<JobRecord> SqliteJobStore::claimable_elsewhere(const std::vector<std::string>& seen) {
  static const std::string sql =
      "SELECT " + std::string{record_columns} +
      " FROM jobs INDEXED BY jobs_claimable LEFT JOIN leases ON leases.job_row = jobs.row"
      " JOIN sessions ON sessions.session_key = jobs.session_key"
      " WHERE claimable = 1 AND sessions.store NOT IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT 100";
  auto& statement = database_.prepared(sql).bind(id_list(seen));
  std::vector<JobRecord> records;
  while (statement.step()) records.push_back(read_record(statement));
  return records;
}

std::int64_t SqliteJobStore::add_message(std::int64_t row, std::string_view idempotency_key,
                                         api::MessageMode mode, std::string_view text,
                                         domain::Timestamp now) {
  database_
      .prepared(
          "INSERT INTO messages (job_row, seq, mode, text, idempotency_key, created_at) "
          "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (job_row, idempotency_key) DO NOTHING")
      .bind(row, approvals_.next_seq(row), enum_name(mode), text, idempotency_key, to_milliseconds(now))
      .run();
  auto& statement = database_.prepared("SELECT seq FROM messages WHERE job_row = ? AND idempotency_key = ?")
                        .bind(row, idempotency_key);
  statement.step();
  const auto seq = statement.integer(0);
  statement.reset();
  return seq;
}

void SqliteJobStore::acknowledge_messages(std::int64_t row, std::int64_t through) {
  database_
      .prepared("UPDATE messages SET acknowledged = 1 WHERE job_row = ? AND seq <= ? AND acknowledged = 0")
      .bind(row, through)
      .run();
}

std::vector<api::JobMessage> SqliteJobStore::open_messages(std::int64_t row) {
  auto& statement =
      database_
          .prepared(
              "SELECT seq, mode, text FROM messages WHERE job_row = ? AND acknowledged = 0 ORDER BY seq")
          .bind(row);
  std::vector<api::JobMessage> messages;
  while (statement.step()) {
    const auto mode =
        domain::enum_from_name<api::MessageMode>(statement.text(1)).value_or(api::MessageMode::steer);
    messages.push_back({statement.integer(0), mode, statement.string(2)});
  }
  return messages;
}

Backlog SqliteJobStore::backlog() {
  // Each count is of a partial index or of a table that holds only what is open.
  auto& statement = database_
                        .prepared(
                            "SELECT (SELECT count(*) FROM jobs INDEXED BY jobs_needing_approval "
                            "WHERE status = 'needs_approval'), "
                            "(SELECT count(*) FROM jobs INDEXED BY jobs_queued WHERE status = 'queued'), "
                            "(SELECT count(*) FROM jobs INDEXED BY jobs_leased "
                            "WHERE status IN ('running', 'aborting') AND status = 'running'), "
                            "(SELECT count(*) FROM jobs INDEXED BY jobs_leased "
                            "WHERE status IN ('running', 'aborting') AND status = 'aborting'), "
                            "(SELECT count(*) FROM deliveries), "
                            "(SELECT created_at FROM jobs WHERE id = (SELECT min(id) FROM jobs "
                            "INDEXED BY jobs_queued WHERE status = 'queued'))")
                        .bind();
  statement.step();
  Backlog backlog{.needs_approval = statement.integer(0),
                  .queued = statement.integer(1),
                  .running = statement.integer(2),
                  .aborting = statement.integer(3),
                  .deliveries = statement.integer(4)};
  if (!statement.is_null(5)) backlog.oldest_queued = to_timestamp(statement.integer(5));
  statement.reset();
  return backlog;
}

void SqliteJobStore::prove_writable() {
  database_.prepared("UPDATE admin SET updated_at = updated_at WHERE one = 1").bind().run();
}

void SqliteJobStore::add_delivery(std::int64_t row, std::string_view deliver_to) {
  database_.prepared("INSERT INTO deliveries (job_row, deliver_to) VALUES (?, ?)")
      .bind(row, deliver_to)
      .run();
}

void SqliteJobStore::remove_delivery(std::int64_t row) {
  database_.prepared("DELETE FROM deliveries WHERE job_row = ?").bind(row).run();
}

std::vector<StoredDelivery> SqliteJobStore::deliveries(std::string_view deliver_to, std::int64_t after,
                                                       std::size_t limit) {
  static const std::string sql = "SELECT " + std::string{record_columns} +
                                 ", deliveries.seq FROM deliveries JOIN jobs ON jobs.row = deliveries.job_row"
                                 " LEFT JOIN leases ON leases.job_row = jobs.row"
                                 " WHERE deliveries.deliver_to = ? AND deliveries.seq > ?"
                                 " ORDER BY deliveries.seq LIMIT ?";
  static const int seq_column = static_cast<int>(std::ranges::count(record_columns, ',')) + 1;
  auto& statement = database_.prepared(sql).bind(deliver_to, after, limit);
  std::vector<StoredDelivery> found;
  while (statement.step()) found.push_back({statement.integer(seq_column), read_record(statement).job});
  return found;
}

api::AdminState SqliteJobStore::admin_state() {
  auto& statement =
      database_.prepared("SELECT paused, pause_reason, updated_at FROM admin WHERE one = 1").bind();
  api::AdminState state;
  if (!statement.step()) return state;
  state.paused = statement.integer(0) != 0;
  state.pause_reason = statement.optional_string(1);
  state.updated_at = to_timestamp(statement.integer(2));
  statement.reset();
  return state;
}

void SqliteJobStore::set_admin_state(const api::AdminState& state) {
  database_
      .prepared(
          "INSERT INTO admin (one, paused, pause_reason, updated_at) VALUES (1, ?1, ?2, ?3) "
          "ON CONFLICT (one) DO UPDATE SET paused = ?1, pause_reason = ?2, updated_at = ?3")
      .bind(state.paused, state.pause_reason, to_milliseconds(state.updated_at))
      .run();
}

}  // namespace butler::store
