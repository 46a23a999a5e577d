#include "store/postgres_approvals.hpp"

#include "api/describe.hpp"
#include "json/codec.hpp"
#include "store/describe.hpp"
#include "store/rows.hpp"

namespace butler::store {

using domain::enum_name;

namespace {

std::vector<ApprovalRecord> all_approvals(const postgres::Result& result) {
  std::vector<ApprovalRecord> records;
  for (const auto row : result) records.push_back(read_approval(row));
  return records;
}

std::optional<ApprovalRecord> one_approval(const postgres::Result& result) {
  return result.empty() ? std::nullopt : std::optional{read_approval(result[0])};
}

}  // namespace

/// Whether the transaction knows that the job never asked for an approval: most never do.
bool PostgresApprovals::has_none(std::int64_t job_row) {
  const auto* const job = link_.known(job_row);
  return job != nullptr && !job->has_approvals;
}

std::int64_t PostgresApprovals::insert(const ApprovalRecord& record) {
  if (auto* const job = link_.known(record.job_row); job != nullptr) job->has_approvals = true;
  const auto& approval = record.approval;
  return link_
      .query(
          "INSERT INTO approvals (id, job_row, tool_call_id, tool_name, summary, input, risk, payload_hash, "
          "cwd, sandbox_profile, scopes, status, scope, reason, decider_id, created_at, expires_at, "
          "decided_at, decision_seq, delivered, call) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, "
          "$20, $21) RETURNING row",
          approval.id, record.job_row, approval.tool_call_id, approval.tool_name, approval.summary,
          json::serialize(approval.input), approval.risk, approval.payload_hash, approval.cwd,
          approval.sandbox_profile, json::serialize(json::encode(approval.scopes)),
          enum_name(approval.status), optional_name(approval.scope), approval.reason, approval.decider_id,
          to_milliseconds(approval.created_at), to_milliseconds(approval.expires_at),
          to_milliseconds(approval.decided_at), record.decision_seq, record.delivered,
          enum_name(record.call))[0]
      .integer(0);
}

void PostgresApprovals::update(const ApprovalRecord& record) {
  const auto& approval = record.approval;
  link_.later(
      "UPDATE approvals SET tool_call_id = $1, status = $2, scope = $3, reason = $4, decider_id = $5, "
      "decided_at = $6, decision_seq = $7, delivered = $8, call = $9 WHERE row = $10",
      approval.tool_call_id, enum_name(approval.status), optional_name(approval.scope), approval.reason,
      approval.decider_id, to_milliseconds(approval.decided_at), record.decision_seq, record.delivered,
      enum_name(record.call), record.row);
}

std::optional<ApprovalRecord> PostgresApprovals::find(std::int64_t job_row, std::string_view id) {
  static const std::string sql = select_approvals("WHERE approvals.id = $1 AND job_row = $2");
  return one_approval(link_.query(sql, id, job_row));
}

std::optional<ApprovalRecord> PostgresApprovals::find_by_call(std::int64_t job_row,
                                                              std::string_view tool_call_id) {
  static const std::string sql =
      select_approvals("WHERE job_row = $1 AND tool_call_id = $2 ORDER BY approvals.row DESC LIMIT 1");
  return one_approval(link_.query(sql, job_row, tool_call_id));
}

std::optional<ApprovalRecord> PostgresApprovals::find_carried(std::int64_t job_row,
                                                              std::string_view payload_hash) {
  static const std::string sql = select_approvals(
      "WHERE job_row = $1 AND call = 'carried' AND payload_hash = $2 AND approvals.status <> 'expired' "
      "ORDER BY approvals.row LIMIT 1");
  return one_approval(link_.query(sql, job_row, payload_hash));
}

std::vector<ApprovalRecord> PostgresApprovals::of_job(std::int64_t job_row) {
  static const std::string sql = select_approvals("WHERE job_row = $1 ORDER BY approvals.row");
  return all_approvals(link_.query(sql, job_row));
}

std::size_t PostgresApprovals::count(std::int64_t job_row) {
  return static_cast<std::size_t>(
      link_.query("SELECT count(*) FROM approvals WHERE job_row = $1", job_row)[0].integer(0));
}

std::vector<ApprovalRecord> PostgresApprovals::pending(std::int64_t job_row) {
  if (has_none(job_row)) return {};
  static const std::string sql =
      select_approvals("WHERE job_row = $1 AND approvals.status = 'pending' ORDER BY approvals.row");
  return all_approvals(link_.query(sql, job_row));
}

std::vector<ApprovalRecord> PostgresApprovals::carried(std::int64_t job_row) {
  if (has_none(job_row)) return {};
  static const std::string sql = select_approvals(
      "WHERE job_row = $1 AND call = 'carried' AND approvals.status <> 'expired' ORDER BY approvals.row");
  return all_approvals(link_.query(sql, job_row));
}

std::int64_t PostgresApprovals::next_seq(std::int64_t job_row) {
  return link_
      .query(
          "SELECT greatest(coalesce((SELECT max(seq) FROM messages WHERE job_row = $1), 0), "
          "coalesce((SELECT max(decision_seq) FROM approvals WHERE job_row = $1), 0)) + 1",
          job_row)[0]
      .integer(0);
}

std::vector<ApprovalRecord> PostgresApprovals::undelivered(std::int64_t job_row) {
  if (has_none(job_row)) return {};
  static const std::string sql = select_approvals(
      "WHERE job_row = $1 AND delivered = 0 AND call = 'open' AND decision_seq IS NOT NULL "
      "ORDER BY decision_seq");
  return all_approvals(link_.query(sql, job_row));
}

void PostgresApprovals::acknowledge(std::int64_t job_row, std::int64_t through) {
  if (has_none(job_row)) return;
  link_.later(
      "UPDATE approvals SET delivered = 1 WHERE job_row = $1 AND decision_seq <= $2 AND delivered = 0",
      job_row, through);
}

bool PostgresApprovals::has_open_call(std::int64_t job_row) {
  if (has_none(job_row)) return false;
  return !link_.query("SELECT 1 FROM approvals WHERE job_row = $1 AND call = 'open' LIMIT 1", job_row)
              .empty();
}

void PostgresApprovals::close_call(std::int64_t job_row, std::string_view tool_call_id) {
  if (has_none(job_row)) return;
  link_.later(
      "UPDATE approvals SET call = 'closed' WHERE job_row = $1 AND tool_call_id = $2 AND call = 'open'",
      job_row, tool_call_id);
}

void PostgresApprovals::close_delivered(std::int64_t job_row) {
  if (has_none(job_row)) return;
  link_.later("UPDATE approvals SET call = 'closed' WHERE job_row = $1 AND call = 'open' AND delivered = 1",
              job_row);
}

void PostgresApprovals::carry(std::int64_t job_row) {
  if (has_none(job_row)) return;
  link_.later("UPDATE approvals SET call = 'carried' WHERE job_row = $1 AND call = 'open'", job_row);
}

std::optional<domain::Timestamp> PostgresApprovals::next_expiry() {
  const auto time =
      link_
          .query(
              "SELECT min(expires_at) FROM approvals WHERE status = 'pending' AND expires_at IS NOT NULL")[0]
          .optional_integer(0);
  return time ? std::optional{to_timestamp(*time)} : std::nullopt;
}

std::vector<ApprovalRecord> PostgresApprovals::overdue(domain::Timestamp now) {
  static const std::string sql = select_approvals(
      "WHERE approvals.status = 'pending' AND expires_at IS NOT NULL AND expires_at <= $1 "
      "ORDER BY expires_at LIMIT 100");
  return all_approvals(link_.query(sql, to_milliseconds(now)));
}

}  // namespace butler::store
