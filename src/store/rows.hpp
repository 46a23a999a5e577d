#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "domain/enum_name.hpp"
#include "store/job_store.hpp"

/// Rows of the orchestrator's tables ↔ values, the same in every database. `Row` is what a database's module
/// reads columns of: sqlite::Statement, postgres::Row.
namespace butler::store {

/// The columns that read_record reads, from `jobs LEFT JOIN leases ON leases.job_row = jobs.row`.
inline constexpr std::string_view record_columns =
    "jobs.row, id, kind, status, prompt, channel, chat_id, requester_id, thread_id, jobs.session_key, "
    "requires_approval, "
    "metadata, jobs.deliver_to, labels, attachments, abort_requested, jobs.worker_id, attempt, max_attempts, "
    "result_text, "
    "error, usage, "
    "created_at, updated_at, started_at, finished_at, leases.token, leases.worker_id, leases.since, "
    "leases.claim_id, "
    "leases.token_presented, leases.accepted_without_token, leases.had_activity, leases.last_batch, "
    "leases.open_tool_calls, leases.next_claim_id";

/// "SELECT <record_columns> FROM jobs LEFT JOIN leases … <rest>".
std::string select_records(std::string_view rest);

template <class Row>
JobRecord read_record(const Row& row);

/// "SELECT … FROM approvals JOIN jobs …" of what read_approval reads, and `rest`.
std::string select_approvals(std::string_view rest);
template <class Row>
ApprovalRecord read_approval(const Row& row);

/// "SELECT … FROM standing_decisions <rest>".
std::string select_standing(std::string_view rest);
template <class Row>
api::StandingDecision read_standing(const Row& row);

/// "SELECT … FROM artifacts <rest>".
std::string select_artifacts(std::string_view rest);
template <class Row>
api::Artifact read_artifact(const Row& row);

/// "SELECT … FROM audit <rest>".
std::string select_audit(std::string_view rest);
template <class Row>
api::AuditRow read_audit_row(const Row& row);

/// The row with which the log goes on behind `last`, if there is one.
api::AuditRow next_audit_row(const AuditEntry& entry, const std::optional<api::AuditRow>& last);

/// The enumerator of that name; throws when the database holds another one. Include the describing header.
template <class Enum>
Enum name_in(std::string_view text) {
  const auto value = domain::enum_from_name<Enum>(text);
  if (!value) throw std::runtime_error("the database holds an unknown name: " + std::string{text});
  return *value;
}

std::string open_tool_calls_text(const Lease& lease);
std::optional<std::string> metadata_text(const domain::Job& job);
std::optional<std::string> labels_text(const domain::Job& job);
std::optional<std::string> attachments_text(const domain::Job& job);
std::optional<std::string> usage_text(const domain::Job& job);

using domain::to_milliseconds;
using domain::to_timestamp;
template <class Enum>
std::optional<std::string> optional_name(const std::optional<Enum>& value) {
  return value ? std::optional{std::string{domain::enum_name(*value)}} : std::nullopt;
}
std::optional<std::int64_t> to_milliseconds(const std::optional<domain::Timestamp>& time);

}  // namespace butler::store
