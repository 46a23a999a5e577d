#include "store/rows.hpp"

#include <stdexcept>

#include "api/describe.hpp"
#include "domain/describe.hpp"
#include "json/codec.hpp"
#include "postgres/result.hpp"
#include "sqlite/database.hpp"
#include "store/describe.hpp"
#include "store/postgres_link.hpp"

namespace butler::store {

namespace {

constexpr std::string_view approval_columns =
    "SELECT approvals.row, job_row, approvals.id, jobs.id, tool_call_id, tool_name, summary, input, risk, "
    "payload_hash, cwd, sandbox_profile, scopes, approvals.status, scope, reason, decider_id, "
    "approvals.created_at, expires_at, decided_at, decision_seq, delivered, call "
    "FROM approvals JOIN jobs ON jobs.row = approvals.job_row ";

constexpr std::string_view standing_columns =
    "SELECT id, decision, payload_hash, requester_id, session_key, tool_name, summary, decider_id, "
    "created_at, used FROM standing_decisions ";

constexpr std::string_view artifact_columns =
    "SELECT name, size, sha256, content_type, kind, caption, source, created_at FROM artifacts ";

constexpr std::string_view audit_columns =
    "SELECT seq, ts, actor, action, subject, details, previous, hash FROM audit ";

/// Reads the columns of a row one after the other.
template <class Row>
class Columns {
 public:
  explicit Columns(const Row& row) : row_(row) {}

  std::int64_t integer() { return row_.integer(next_++); }
  bool flag() { return integer() != 0; }
  std::string string() { return row_.string(next_++); }
  std::optional<std::string> optional_string() { return row_.optional_string(next_++); }
  domain::Timestamp time() { return to_timestamp(integer()); }
  std::optional<std::int64_t> optional_integer() { return row_.optional_integer(next_++); }
  std::optional<domain::Timestamp> optional_time() {
    const auto value = row_.optional_integer(next_++);
    return value ? std::optional{to_timestamp(*value)} : std::nullopt;
  }
  template <class Enum>
  Enum name() {
    return name_in<Enum>(row_.text(next_++));
  }
  template <class Enum>
  std::optional<Enum> optional_name() {
    const auto text = optional_string();
    return text ? std::optional{name_in<Enum>(*text)} : std::nullopt;
  }
  template <class T>
  std::optional<T> json() {
    const auto text = optional_string();
    if (!text) return std::nullopt;
    const auto value = json::parse(*text);
    if (!value) throw std::runtime_error("the database holds broken JSON: " + value.error());
    auto decoded = json::decode<T>(*value);
    if (!decoded) throw std::runtime_error("the database holds unexpected JSON: " + *text);
    return *std::move(decoded);
  }

 private:
  const Row& row_;
  int next_ = 0;
};

template <class T>
std::optional<std::string> to_text(const std::optional<T>& value) {
  return value ? std::optional{json::to_text(*value)} : std::nullopt;
}

}  // namespace

std::string select_records(std::string_view rest) {
  std::string sql = "SELECT ";
  sql.append(record_columns);
  sql.append(" FROM jobs LEFT JOIN leases ON leases.job_row = jobs.row ");
  sql.append(rest);
  return sql;
}

template <class Row>
JobRecord read_record(const Row& row) {
  Columns columns(row);
  JobRecord record;
  auto& job = record.job;
  record.row = columns.integer();
  job.id = columns.string();
  job.kind = columns.template name<domain::JobKind>();
  job.status = columns.template name<domain::JobStatus>();
  job.prompt = columns.string();
  job.channel = columns.template name<domain::Channel>();
  job.chat_id = columns.string();
  job.requester_id = columns.string();
  job.thread_id = columns.optional_string();
  job.session_key = columns.string();
  job.requires_approval = columns.flag();
  job.metadata = columns.template json<std::map<std::string, std::string>>();
  job.deliver_to = columns.optional_string();
  job.labels = columns.template json<std::vector<std::string>>();
  job.attachments = columns.template json<std::vector<std::string>>();
  job.abort_requested = columns.flag();
  job.worker_id = columns.optional_string();
  job.attempt = columns.integer();
  job.max_attempts = columns.integer();
  job.result_text = columns.optional_string();
  job.error = columns.optional_string();
  job.usage = columns.template json<domain::Usage>();
  job.created_at = columns.time();
  job.updated_at = columns.time();
  job.started_at = columns.optional_time();
  job.finished_at = columns.optional_time();

  auto token = columns.optional_string();
  if (!token) return record;
  Lease lease;
  lease.token = *std::move(token);
  lease.worker_id = columns.string();
  lease.since = columns.time();
  lease.claim_id = columns.optional_string();
  lease.token_presented = columns.flag();
  lease.accepted_without_token = columns.flag();
  lease.had_activity = columns.flag();
  lease.last_batch = columns.integer();
  lease.open_tool_calls = columns.template json<std::vector<std::string>>().value();
  lease.next_claim_id = columns.optional_string();
  record.lease = std::move(lease);
  return record;
}

std::string select_approvals(std::string_view rest) { return std::string{approval_columns}.append(rest); }

template <class Row>
ApprovalRecord read_approval(const Row& row) {
  Columns columns(row);
  ApprovalRecord record;
  auto& approval = record.approval;
  record.row = columns.integer();
  record.job_row = columns.integer();
  approval.id = columns.string();
  approval.job_id = columns.string();
  approval.tool_call_id = columns.string();
  approval.tool_name = columns.string();
  approval.summary = columns.string();
  approval.input = columns.template json<json::Value>().value();
  approval.risk = columns.string();
  approval.payload_hash = columns.string();
  approval.cwd = columns.string();
  approval.sandbox_profile = columns.string();
  approval.scopes = columns.template json<std::vector<domain::ApprovalScope>>().value();
  approval.status = columns.template name<domain::ApprovalStatus>();
  approval.scope = columns.template optional_name<domain::ApprovalScope>();
  approval.reason = columns.optional_string();
  approval.decider_id = columns.optional_string();
  approval.created_at = columns.time();
  approval.expires_at = columns.optional_time();
  approval.decided_at = columns.optional_time();
  record.decision_seq = columns.optional_integer();
  record.delivered = columns.flag();
  record.call = columns.template name<ApprovalCall>();
  return record;
}

std::string select_standing(std::string_view rest) { return std::string{standing_columns}.append(rest); }

template <class Row>
api::StandingDecision read_standing(const Row& row) {
  Columns columns(row);
  api::StandingDecision decision;
  decision.id = columns.integer();
  decision.decision = columns.template name<domain::ApprovalVerdict>();
  decision.payload_hash = columns.string();
  decision.requester_id = columns.string();
  decision.session_key = columns.optional_string();
  decision.tool_name = columns.string();
  decision.summary = columns.string();
  decision.decider_id = columns.string();
  decision.created_at = columns.time();
  decision.used = columns.integer();
  return decision;
}

std::string select_artifacts(std::string_view rest) { return std::string{artifact_columns}.append(rest); }

template <class Row>
api::Artifact read_artifact(const Row& row) {
  Columns columns(row);
  api::Artifact artifact;
  artifact.name = columns.string();
  artifact.size = columns.integer();
  artifact.sha256 = columns.string();
  artifact.content_type = columns.string();
  artifact.kind = columns.template optional_name<api::ArtifactKind>();
  artifact.caption = columns.optional_string();
  artifact.source = columns.template name<api::ArtifactSource>();
  artifact.created_at = columns.time();
  return artifact;
}

std::string select_audit(std::string_view rest) { return std::string{audit_columns}.append(rest); }

template <class Row>
api::AuditRow read_audit_row(const Row& row) {
  Columns columns(row);
  api::AuditRow entry;
  entry.seq = columns.integer();
  entry.ts = columns.time();
  entry.actor = columns.string();
  entry.action = columns.string();
  entry.subject = columns.string();
  entry.details = columns.string();
  entry.previous = columns.string();
  entry.hash = columns.string();
  return entry;
}

// The hash is of what every database can keep: the row can be copied to another kind.
api::AuditRow next_audit_row(const AuditEntry& entry, const std::optional<api::AuditRow>& last) {
  api::AuditRow row{.seq = last ? last->seq + 1 : 1,
                    .ts = entry.ts,
                    .actor = kept_text(entry.actor),
                    .action = kept_text(entry.action),
                    .subject = kept_text(entry.subject),
                    .details = json::serialize(entry.details),
                    .previous = last ? last->hash : std::string{api::audit_start}};
  row.hash = api::audit_hash(row);
  return row;
}

template JobRecord read_record(const sqlite::Statement& row);
template JobRecord read_record(const postgres::Row& row);
template ApprovalRecord read_approval(const sqlite::Statement& row);
template ApprovalRecord read_approval(const postgres::Row& row);
template api::StandingDecision read_standing(const sqlite::Statement& row);
template api::StandingDecision read_standing(const postgres::Row& row);
template api::Artifact read_artifact(const sqlite::Statement& row);
template api::Artifact read_artifact(const postgres::Row& row);
template api::AuditRow read_audit_row(const sqlite::Statement& row);
template api::AuditRow read_audit_row(const postgres::Row& row);

std::string open_tool_calls_text(const Lease& lease) { return json::to_text(lease.open_tool_calls); }
std::optional<std::string> metadata_text(const domain::Job& job) { return to_text(job.metadata); }
std::optional<std::string> labels_text(const domain::Job& job) { return to_text(job.labels); }
std::optional<std::string> attachments_text(const domain::Job& job) { return to_text(job.attachments); }
std::optional<std::string> usage_text(const domain::Job& job) { return to_text(job.usage); }

std::optional<std::int64_t> to_milliseconds(const std::optional<domain::Timestamp>& time) {
  return time ? std::optional{to_milliseconds(*time)} : std::nullopt;
}

}  // namespace butler::store
