#include "store/sqlite_approvals.hpp"

#include <stdexcept>

#include "api/describe.hpp"
#include "domain/limits.hpp"
#include "json/codec.hpp"
#include "store/describe.hpp"
#include "store/rows.hpp"

namespace butler::store {

using domain::enum_name;

namespace {

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
  const auto time = statement.optional_integer(0);
  statement.reset();
  return time ? std::optional{to_timestamp(*time)} : std::nullopt;
}

std::vector<ApprovalRecord> SqliteApprovals::overdue(domain::Timestamp now) {
  static const std::string sql = select_approvals(
      "WHERE approvals.status = 'pending' AND expires_at IS NOT NULL AND expires_at <= ? "
      "ORDER BY expires_at LIMIT 100");
  return all(database_.prepared(sql).bind(to_milliseconds(now)));
}

}  // namespace butler::store
