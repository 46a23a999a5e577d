#include "store/postgres_job_store.hpp"

#include <algorithm>

#include "api/describe.hpp"
#include "domain/migration_version.hpp"
#include "log/log.hpp"
#include "postgres/migrations.hpp"
#include "postgres/role_locks.hpp"
#include "store/migrations.hpp"
#include "store/rows.hpp"

namespace butler::store {

using domain::enum_name;

namespace {

/// Held by the one transaction at a time that may change something.
constexpr std::int64_t transaction_lock = 0x6275746C'6572'0003;

/// Takes the lock, which the server gives back when the connection ends.
void lock_database(postgres::Connection& connection, const char* statement, const char* why) {
  try {
    connection.query(statement, postgres::orchestrator_lock);
  } catch (const postgres::Conflict&) {
    const auto holder = holder_of_lock(connection, postgres::orchestrator_lock, "another orchestrator");
    throw postgres::ConnectionLost("", "the database " + connection.name() + " is in use by " + holder + why +
                                           ". Stop that one first, or set another ORCH_DATABASE_URL.");
  }
}

bool has_newest_schema(postgres::Connection& connection) {
  const auto files = orchestrator_postgres_migrations();
  if (connection.query("SELECT to_regclass('migrations')")[0].is_null(0)) return false;
  return connection.query("SELECT max(version) FROM migrations")[0].optional_integer(0) ==
         domain::migration_version(files.back().name);
}

/// A connection that this process has lost may still hold locks at the server. A transaction of a process
/// that was stopped in it ends: after ten seconds, or when somebody has waited for it (end_stopped_holders).
void join_database(postgres::Connection& connection) {
  connection.execute("SET idle_in_transaction_session_timeout = '10s'; SET lock_timeout = '4s'");
  connection.query(
      "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE datname = current_database() "
      "AND usename = current_user AND pid <> pg_backend_pid() "
      "AND application_name = current_setting('application_name')");
  lock_database(connection, "SELECT pg_advisory_lock_shared($1)", ", which changes it");
  // While this one had no connection, a newer one may have come.
  if (!has_newest_schema(connection)) {
    throw postgres::ConnectionLost("", "the schema of the database " + connection.name() +
                                           " is not the one of this program any more: start the version of "
                                           "Butler that has changed it");
  }
}

/// Brings the schema up to date while no orchestrator uses it.
void prepare(const postgres::Target& target, domain::Timestamp now) {
  postgres::Connection connection(target);
  if (!has_newest_schema(connection)) {
    lock_database(connection, "SELECT pg_advisory_lock($1)",
                  ", and its schema is not the one that this program needs");
  }
  postgres::migrate(connection, orchestrator_postgres_migrations(), now);
}

postgres::Target prepared(postgres::Target target, domain::Timestamp now) {
  prepare(target, now);
  target.on_connect = join_database;
  return target;
}

/// Ends connections that hold the transactions' lock and for whose process the server has waited for four
/// seconds, to ask for more or to take an answer: it is stopped, and others wait.
void end_stopped_holders(postgres::Connection& connection) {
  const auto ended = connection.query(
      "SELECT application_name, pg_terminate_backend(pid, 1000) FROM pg_locks JOIN pg_stat_activity USING "
      "(pid) WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid() "
      "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
      "AND (classid::bigint << 32) + objid::bigint = $1 "
      "AND wait_event_type = 'Client' AND state_change < clock_timestamp() - interval '4 seconds'",
      transaction_lock);
  for (const auto row : ended) log::warn("store.stopped_peer", {{"orchestrator", row.text(0)}});
}

api::AdminState read_admin(const postgres::Row& row, int first) {
  api::AdminState state;
  state.paused = row.integer(first) != 0;
  state.pause_reason = row.optional_string(first + 1);
  state.updated_at = to_timestamp(row.integer(first + 2));
  return state;
}

/// Which jobs a list shows. $1 chat, $2 requester, $3 session, $4 the id before which it begins, $5 the
/// limit.
std::string jobs_of_list(const JobFilter& filter) {
  std::string conditions =
      "($1::text IS NULL OR chat_id = $1) AND ($2::text IS NULL OR requester_id = $2) "
      "AND ($3::text IS NULL OR session_key = $3) AND ($4::text IS NULL OR id < $4)";
  // In the text, not as a parameter: the planner has to see which partial index holds these jobs.
  if (filter.status) conditions += " AND status = '" + std::string{enum_name(*filter.status)} + "'";
  return "WHERE jobs.row IN (SELECT row FROM jobs WHERE " + conditions +
         " ORDER BY id DESC LIMIT $5) ORDER BY jobs.id DESC";
}

}  // namespace

PostgresJobStore::PostgresJobStore(const std::string& url, const std::string& application,
                                   domain::Timestamp now)
    : link_(prepared({.url = url, .application = application}, now)), peers_(link_, url, application) {}

// ---- transactions

void PostgresJobStore::begin() {
  static const std::string lock = "SELECT pg_advisory_xact_lock(" + std::to_string(transaction_lock) + ")";
  try {
    if (link_.was_locked_out()) end_stopped_holders(link_.connection());
    link_.forget();
    link_.connection().begin(lock);
  } catch (const postgres::Error& error) {
    throw StoreFault(error.what());
  }
}

bool PostgresJobStore::commit() {
  try {
    return link_.connection().commit();
  } catch (const postgres::ConnectionLost& lost) {
    throw StoreFault(lost.what());
  }
}

bool PostgresJobStore::has_written() const { return link_.connection().has_written(); }

void PostgresJobStore::rollback() { link_.connection().rollback(); }

bool PostgresJobStore::in_transaction() const { return link_.connection().in_transaction(); }

void PostgresJobStore::unit(const std::function<void()>& work) {
  struct ForgetUnlessKept {
    PostgresLink& link;
    bool kept = false;
    ~ForgetUnlessKept() {
      if (!kept) link.forget();
    }
  } memory{link_};
  if (auto* const remembered = link_.memory(); remembered != nullptr) remembered->fresh.reset();
  try {
    postgres::Savepoint part(link_.connection());
    work();
    part.release();
    memory.kept = true;
  } catch (const postgres::Conflict& error) {
    link_.note_locked_out();
    throw StoreFault(error.what());
  } catch (const postgres::Error& error) {
    throw StoreFault(error.what());
  }
}

void PostgresJobStore::prove_writable() {
  link_.query("UPDATE admin SET updated_at = updated_at WHERE one = 1");
}

// ---- what a transaction remembers

/// What most units need of the whole; nullptr outside of a transaction.
WholeState* PostgresJobStore::whole() {
  auto* const memory = link_.memory();
  if (memory == nullptr) return nullptr;
  if (memory->whole) return &*memory->whole;
  const auto answer = link_.query(
      "SELECT newest.id, last.seq, last.hash, paused, pause_reason, updated_at "
      "FROM (SELECT coalesce(max(id), '') AS id FROM jobs) AS newest "
      "LEFT JOIN admin ON one = 1 "
      "LEFT JOIN (SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1) AS last ON true");
  const auto found = answer[0];
  WholeState whole{.newest_job_id = found.string(0), .last_audit_row = {}, .admin = {}};
  if (!found.is_null(1)) {
    whole.last_audit_row.emplace();
    whole.last_audit_row->seq = found.integer(1);
    whole.last_audit_row->hash = found.string(2);
  }
  if (!found.is_null(3)) whole.admin = read_admin(found, 3);
  return &memory->whole.emplace(std::move(whole));
}

// ---- jobs

std::vector<domain::Job> PostgresJobStore::list(const JobFilter& filter) {
  std::vector<domain::Job> jobs;
  for (const auto row : link_.query(select_records(jobs_of_list(filter)), filter.chat_id, filter.requester_id,
                                    filter.session_key, filter.before, filter.limit)) {
    jobs.push_back(read_record(row).job);
    jobs.back().result_text.reset();
  }
  return jobs;
}

std::vector<JobRecord> PostgresJobStore::leased() {
  static const std::string sql = select_records("WHERE jobs.status IN ('running', 'aborting')");
  std::vector<JobRecord> records;
  for (const auto row : link_.query(sql)) records.push_back(read_record(row));
  return records;
}

// ---- messages and deliveries

bool PostgresJobStore::has_no_messages(std::int64_t row) {
  const auto* const job = link_.known(row);
  return job != nullptr && !job->has_messages;
}

std::int64_t PostgresJobStore::add_message(std::int64_t row, std::string_view idempotency_key,
                                           api::MessageMode mode, std::string_view text,
                                           domain::Timestamp now) {
  if (auto* const job = link_.known(row); job != nullptr) job->has_messages = true;
  link_.later(
      "INSERT INTO messages (job_row, seq, mode, text, idempotency_key, created_at) "
      "SELECT $1, greatest(coalesce((SELECT max(seq) FROM messages WHERE job_row = $1), 0), "
      "coalesce((SELECT max(decision_seq) FROM approvals WHERE job_row = $1), 0)) + 1, $2, $3, $4, $5 "
      "ON CONFLICT (job_row, idempotency_key) DO NOTHING",
      row, enum_name(mode), text, idempotency_key, to_milliseconds(now));
  return link_
      .query("SELECT seq FROM messages WHERE job_row = $1 AND idempotency_key = $2", row, idempotency_key)[0]
      .integer(0);
}

void PostgresJobStore::acknowledge_messages(std::int64_t row, std::int64_t through) {
  if (has_no_messages(row)) return;
  link_.later("UPDATE messages SET acknowledged = 1 WHERE job_row = $1 AND seq <= $2 AND acknowledged = 0",
              row, through);
}

std::vector<api::JobMessage> PostgresJobStore::open_messages(std::int64_t row) {
  std::vector<api::JobMessage> messages;
  if (has_no_messages(row)) return messages;
  for (const auto found : link_.query(
           "SELECT seq, mode, text FROM messages WHERE job_row = $1 AND acknowledged = 0 ORDER BY seq",
           row)) {
    messages.push_back({found.integer(0), name_in<api::MessageMode>(found.text(1)), found.string(2)});
  }
  return messages;
}

void PostgresJobStore::add_delivery(std::int64_t row, std::string_view deliver_to) {
  link_.later("INSERT INTO deliveries (job_row, deliver_to) VALUES ($1, $2)", row, deliver_to);
}

void PostgresJobStore::remove_delivery(std::int64_t row) {
  link_.later("DELETE FROM deliveries WHERE job_row = $1", row);
}

std::vector<StoredDelivery> PostgresJobStore::deliveries(std::string_view deliver_to, std::int64_t after,
                                                         std::size_t limit) {
  static const std::string sql = "SELECT " + std::string{record_columns} +
                                 ", deliveries.seq FROM deliveries JOIN jobs ON jobs.row = deliveries.job_row"
                                 " LEFT JOIN leases ON leases.job_row = jobs.row"
                                 " WHERE deliveries.deliver_to = $1 AND deliveries.seq > $2"
                                 " ORDER BY deliveries.seq LIMIT $3";
  static const int seq_column = static_cast<int>(std::ranges::count(record_columns, ',')) + 1;
  std::vector<StoredDelivery> found;
  for (const auto row : link_.query(sql, deliver_to, after, limit)) {
    found.push_back({row.integer(seq_column), read_record(row).job});
  }
  return found;
}

// ---- the whole

api::AdminState PostgresJobStore::admin_state() {
  if (const auto* const known = whole()) return known->admin;
  const auto found = link_.query("SELECT paused, pause_reason, updated_at FROM admin WHERE one = 1");
  return found.empty() ? api::AdminState{} : read_admin(found[0], 0);
}

void PostgresJobStore::set_admin_state(const api::AdminState& state) {
  if (auto* const memory = link_.memory(); memory != nullptr) memory->whole.reset();  // read again, as kept
  link_.later(
      "INSERT INTO admin (one, paused, pause_reason, updated_at) VALUES (1, $1, $2, $3) "
      "ON CONFLICT (one) DO UPDATE SET paused = excluded.paused, pause_reason = excluded.pause_reason, "
      "updated_at = excluded.updated_at",
      state.paused, state.pause_reason, to_milliseconds(state.updated_at));
}

Backlog PostgresJobStore::backlog() {
  // Each count is of a partial index or of a table that holds only what is open.
  const auto found = link_.query(
      "SELECT (SELECT count(*) FROM jobs WHERE status = 'needs_approval'), "
      "(SELECT count(*) FROM jobs WHERE status = 'queued'), "
      "(SELECT count(*) FROM jobs WHERE status IN ('running', 'aborting') AND status = 'running'), "
      "(SELECT count(*) FROM jobs WHERE status IN ('running', 'aborting') AND status = 'aborting'), "
      "(SELECT count(*) FROM deliveries), "
      "(SELECT created_at FROM jobs WHERE id = (SELECT min(id) FROM jobs WHERE status = 'queued'))");
  const auto row = found[0];
  Backlog backlog{.needs_approval = row.integer(0),
                  .queued = row.integer(1),
                  .running = row.integer(2),
                  .aborting = row.integer(3),
                  .deliveries = row.integer(4)};
  if (!row.is_null(5)) backlog.oldest_queued = to_timestamp(row.integer(5));
  return backlog;
}

}  // namespace butler::store
