#include "store/sqlite_approvals.hpp"

#include <stdexcept>

#include "api/describe.hpp"
#include "domain/limits.hpp"
#include "json/codec.hpp"
#include "store/describe.hpp"
#include "store/sqlite_rows.hpp"

namespace butler::store {

using domain::enum_name;

namespace {

constexpr std::string_view approval_columns =
    "SELECT approvals.row, job_row, approvals.id, jobs.id, tool_call_id, tool_name, summary, input, risk, "
    "payload_hash, cwd, sandbox_profile, scopes, approvals.status, scope, reason, decider_id, "
    "approvals.created_at, expires_at, decided_at, decision_seq, delivered, call "
    "FROM approvals JOIN jobs ON jobs.row = approvals.job_row ";

std::string select_approvals(std::string_view rest) { return std::string{approval_columns}.append(rest); }

template <class T>
T from_json(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) throw std::runtime_error("the database holds broken JSON: " + value.error());
  auto decoded = json::decode<T>(*value);
  if (!decoded) throw std::runtime_error("the database holds unexpected JSON: " + std::string{text});
  return *std::move(decoded);
}

template <class Enum>
std::optional<std::string> optional_name(const std::optional<Enum>& value) {
  return value ? std::optional{std::string{enum_name(*value)}} : std::nullopt;
}

std::optional<domain::Timestamp> optional_time(const sqlite::Statement& statement, int column) {
  if (statement.is_null(column)) return std::nullopt;
  return to_timestamp(statement.integer(column));
}

ApprovalRecord read_approval(const sqlite::Statement& statement) {
  ApprovalRecord record;
  auto& approval = record.approval;
  record.row = statement.integer(0);
  record.job_row = statement.integer(1);
  approval.id = statement.string(2);
  approval.job_id = statement.string(3);
  approval.tool_call_id = statement.string(4);
  approval.tool_name = statement.string(5);
  approval.summary = statement.string(6);
  approval.input = from_json<json::Value>(statement.text(7));
  approval.risk = statement.string(8);
  approval.payload_hash = statement.string(9);
  approval.cwd = statement.string(10);
  approval.sandbox_profile = statement.string(11);
  approval.scopes = from_json<std::vector<domain::ApprovalScope>>(statement.text(12));
  approval.status = name_in<domain::ApprovalStatus>(statement.text(13));
  if (!statement.is_null(14)) approval.scope = name_in<domain::ApprovalScope>(statement.text(14));
  approval.reason = statement.optional_string(15);
  approval.decider_id = statement.optional_string(16);
  approval.created_at = to_timestamp(statement.integer(17));
  approval.expires_at = optional_time(statement, 18);
  approval.decided_at = optional_time(statement, 19);
  record.decision_seq = statement.optional_integer(20);
  record.delivered = statement.integer(21) != 0;
  record.call = name_in<ApprovalCall>(statement.text(22));
  return record;
}

std::vector<ApprovalRecord> all(sqlite::Statement& statement) {
  std::vector<ApprovalRecord> records;
  while (statement.step()) records.push_back(read_approval(statement));
  return records;
}

std::optional<ApprovalRecord> one(sqlite::Statement& statement) {
  if (!statement.step()) return std::nullopt;
  auto record = read_approval(statement);
  statement.reset();
  return record;
}

}  // namespace

std::int64_t SqliteApprovals::insert(const ApprovalRecord& record) {
  const auto& approval = record.approval;
  database_
      .prepared(
          "INSERT INTO approvals (id, job_row, tool_call_id, tool_name, summary, input, risk, payload_hash, "
          "cwd, sandbox_profile, scopes, status, scope, reason, decider_id, created_at, expires_at, "
          "decided_at, decision_seq, delivered, call) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(approval.id, record.job_row, approval.tool_call_id, approval.tool_name, approval.summary,
            json::serialize(approval.input), approval.risk, approval.payload_hash, approval.cwd,
            approval.sandbox_profile, json::serialize(json::encode(approval.scopes)),
            enum_name(approval.status), optional_name(approval.scope), approval.reason, approval.decider_id,
            to_milliseconds(approval.created_at), to_milliseconds(approval.expires_at),
            to_milliseconds(approval.decided_at), record.decision_seq, record.delivered,
            enum_name(record.call))
      .run();
  return database_.last_insert_row();
}

void SqliteApprovals::update(const ApprovalRecord& record) {
  const auto& approval = record.approval;
  database_
      .prepared(
          "UPDATE approvals SET tool_call_id = ?, status = ?, scope = ?, reason = ?, decider_id = ?, "
          "decided_at = ?, decision_seq = ?, delivered = ?, call = ? WHERE row = ?")
      .bind(approval.tool_call_id, enum_name(approval.status), optional_name(approval.scope), approval.reason,
            approval.decider_id, to_milliseconds(approval.decided_at), record.decision_seq, record.delivered,
            enum_name(record.call), record.row)
      .run();
}

std::optional<ApprovalRecord> SqliteApprovals::find(std::int64_t job_row, std::string_view id) {
  static const std::string sql = select_approvals("WHERE approvals.id = ? AND job_row = ?");
  return one(database_.prepared(sql).bind(id, job_row));
}

std::optional<ApprovalRecord> SqliteApprovals::find_by_call(std::int64_t job_row,
                                                            std::string_view tool_call_id) {
  static const std::string sql =
      select_approvals("WHERE job_row = ? AND tool_call_id = ? ORDER BY approvals.row DESC LIMIT 1");
  return one(database_.prepared(sql).bind(job_row, tool_call_id));
}

std::optional<ApprovalRecord> SqliteApprovals::find_carried(std::int64_t job_row,
                                                            std::string_view payload_hash) {
  static const std::string sql = select_approvals(
      "WHERE job_row = ? AND call = 'carried' AND payload_hash = ? AND approvals.status <> 'expired' "
      "ORDER BY approvals.row LIMIT 1");
  return one(database_.prepared(sql).bind(job_row, payload_hash));
}

std::vector<ApprovalRecord> SqliteApprovals::of_job(std::int64_t job_row) {
  static const std::string sql = select_approvals("WHERE job_row = ? ORDER BY approvals.row");
  return all(database_.prepared(sql).bind(job_row));
}

std::size_t SqliteApprovals::count(std::int64_t job_row) {
  auto& statement = database_.prepared("SELECT count(*) FROM approvals WHERE job_row = ?").bind(job_row);
  statement.step();
  const auto number = statement.integer(0);
  statement.reset();
  return static_cast<std::size_t>(number);
}

std::vector<ApprovalRecord> SqliteApprovals::pending(std::int64_t job_row) {
  static const std::string sql =
      select_approvals("WHERE job_row = ? AND approvals.status = 'pending' ORDER BY approvals.row");
  return all(database_.prepared(sql).bind(job_row));
}

std::vector<ApprovalRecord> SqliteApprovals::carried(std::int64_t job_row) {
  static const std::string sql = select_approvals(
      "WHERE job_row = ? AND call = 'carried' AND approvals.status <> 'expired' ORDER BY approvals.row");
  return all(database_.prepared(sql).bind(job_row));
}

std::int64_t SqliteApprovals::next_seq(std::int64_t job_row) {
  auto& statement = database_
                        .prepared(
                            "SELECT max(coalesce((SELECT max(seq) FROM messages WHERE job_row = ?1), 0), "
                            "coalesce((SELECT max(decision_seq) FROM approvals WHERE job_row = ?1), 0)) + 1")
                        .bind(job_row);
  statement.step();
  const auto seq = statement.integer(0);
  statement.reset();
  return seq;
}

std::vector<ApprovalRecord> SqliteApprovals::undelivered(std::int64_t job_row) {
  static const std::string sql = select_approvals(
      "WHERE job_row = ? AND delivered = 0 AND call = 'open' AND decision_seq IS NOT NULL "
      "ORDER BY decision_seq");
  return all(database_.prepared(sql).bind(job_row));
}

void SqliteApprovals::acknowledge(std::int64_t job_row, std::int64_t through) {
  database_
      .prepared(
          "UPDATE approvals SET delivered = 1 WHERE job_row = ? AND decision_seq <= ? AND delivered = 0")
      .bind(job_row, through)
      .run();
}

bool SqliteApprovals::has_open_call(std::int64_t job_row) {
  auto& statement =
      database_.prepared("SELECT EXISTS (SELECT 1 FROM approvals WHERE job_row = ? AND call = 'open')")
          .bind(job_row);
  statement.step();
  const bool open = statement.integer(0) != 0;
  statement.reset();
  return open;
}

void SqliteApprovals::close_call(std::int64_t job_row, std::string_view tool_call_id) {
  database_
      .prepared(
          "UPDATE approvals SET call = 'closed' WHERE job_row = ? AND tool_call_id = ? AND call = 'open'")
      .bind(job_row, tool_call_id)
      .run();
}

void SqliteApprovals::close_delivered(std::int64_t job_row) {
  database_
      .prepared("UPDATE approvals SET call = 'closed' WHERE job_row = ? AND call = 'open' AND delivered = 1")
      .bind(job_row)
      .run();
}

void SqliteApprovals::carry(std::int64_t job_row) {
  database_.prepared("UPDATE approvals SET call = 'carried' WHERE job_row = ? AND call = 'open'")
      .bind(job_row)
      .run();
}

std::optional<domain::Timestamp> SqliteApprovals::next_expiry() {
  auto& statement = database_
                        .prepared(
                            "SELECT min(expires_at) FROM approvals INDEXED BY approvals_expiring "
                            "WHERE status = 'pending' AND expires_at IS NOT NULL")
                        .bind();
  statement.step();
  const auto time = optional_time(statement, 0);
  statement.reset();
  return time;
}

std::vector<ApprovalRecord> SqliteApprovals::overdue(domain::Timestamp now) {
  static const std::string sql = select_approvals(
      "WHERE approvals.status = 'pending' AND expires_at IS NOT NULL AND expires_at <= ? "
      "ORDER BY expires_at LIMIT 100");
  return all(database_.prepared(sql).bind(to_milliseconds(now)));
}

}  // namespace butler::store
