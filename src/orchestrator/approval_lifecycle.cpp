#include "orchestrator/approval_lifecycle.hpp"

#include "api/describe.hpp"
#include "domain/limits.hpp"
#include "json/codec.hpp"
#include "log/log.hpp"

namespace butler::orchestrator {

using domain::ApprovalStatus;
using domain::enum_name;
using domain::EventType;

namespace {

/// The approval as an event's data holds it. An input that would not fit is only told to be there: the whole
/// of it is in GET …/approvals.
std::string event_data(const api::Approval& approval) {
  auto text = json::serialize(json::encode(approval));
  if (text.size() <= domain::limits::event_data_bytes) return text;
  auto shorter = approval;
  shorter.input = json::Object{{"omittedBytes", json::serialize(approval.input).size()}};
  return json::serialize(json::encode(shorter));
}

json::Object audit_details(const api::Approval& approval) {
  json::Object details{{"approvalId", approval.id},
                       {"tool", approval.tool_name},
                       {"payloadHash", approval.payload_hash},
                       {"cwd", approval.cwd},
                       {"sandboxProfile", approval.sandbox_profile}};
  if (approval.status != ApprovalStatus::pending) details.emplace("status", enum_name(approval.status));
  if (approval.scope) details.emplace("scope", enum_name(*approval.scope));
  return details;
}

}  // namespace

void ApprovalLifecycle::record_event(const store::ApprovalRecord& record, EventType type,
                                     domain::Timestamp now) {
  store::StoredEvent event;
  event.type = type;
  event.ts = now;
  event.data = event_data(record.approval);
  store_.append_events(record.job_row, {event});
  touched_.touch({Topic::Kind::events, record.approval.job_id});
}

void ApprovalLifecycle::ask(store::ApprovalRecord& record, const std::string& worker_id) {
  const auto& approval = record.approval;
  record.row = store_.approvals().insert(record);
  record_event(record, EventType::approval_requested, approval.created_at);
  auto details = audit_details(approval);
  details.emplace("risk", approval.risk);
  store_.audit().append({.ts = approval.created_at,
                         .actor = "worker:" + worker_id,
                         .action = "approval.requested",
                         .subject = approval.job_id,
                         .details = std::move(details)});
  measures_.approval("requested");
  log::info("approval.requested",
            {{"job", approval.job_id}, {"approval", approval.id}, {"tool", approval.tool_name}});
}

void ApprovalLifecycle::answer(store::ApprovalRecord& record, const api::StandingDecision& standing,
                               domain::Timestamp now) {
  auto& approval = record.approval;
  const bool allowed = standing.decision == domain::ApprovalVerdict::allow;
  approval.status = allowed ? ApprovalStatus::allowed : ApprovalStatus::denied;
  approval.scope = standing.session_key ? domain::ApprovalScope::session : domain::ApprovalScope::always;
  approval.reason = standing.session_key ? "decided before, for this session" : "decided before, for always";
  approval.decider_id = standing.decider_id;
  approval.decided_at = now;
  record.delivered = true;  // by the answer to the request
  record.row = store_.approvals().insert(record);
  store_.approvals().count_use(standing.id, now);
  record_event(record, EventType::approval_decided, now);
  auto details = audit_details(approval);
  details.emplace("decision", standing.id);
  store_.audit().append({.ts = now,
                         .actor = standing.decider_id,
                         .action = "decision.used",
                         .subject = approval.job_id,
                         .details = std::move(details)});
  measures_.approval("answered_before");
  log::info("approval.answered_before", {{"job", approval.job_id},
                                         {"approval", approval.id},
                                         {"decision", standing.id},
                                         {"status", enum_name(approval.status)}});
}

void ApprovalLifecycle::resolve(store::ApprovalRecord& record, Resolution resolution, domain::Timestamp now) {
  auto& approval = record.approval;
  approval.status = resolution.status;
  approval.scope = resolution.scope;
  approval.reason = std::move(resolution.reason);
  approval.decider_id = std::move(resolution.decider_id);
  approval.decided_at = now;
  if (record.call == store::ApprovalCall::open)
    record.decision_seq = store_.approvals().next_seq(record.job_row);
  store_.approvals().update(record);
  record_event(record, EventType::approval_decided, now);
  touched_.touch({Topic::Kind::lease, approval.job_id});

  auto details = audit_details(approval);
  if (approval.reason) details.emplace("reason", *approval.reason);
  const bool expired = approval.status == ApprovalStatus::expired;
  store_.audit().append({.ts = now,
                         .actor = approval.decider_id.value_or("orchestrator"),
                         .action = expired ? "approval.expired" : "approval.decided",
                         .subject = approval.job_id,
                         .details = std::move(details)});
  measures_.approval(enum_name(approval.status));
  log::info("approval.decided", {{"job", approval.job_id},
                                 {"approval", approval.id},
                                 {"status", enum_name(approval.status)},
                                 {"by", approval.decider_id.value_or("")}});
}

void ApprovalLifecycle::expire_pending(std::int64_t job_row, std::string_view reason, domain::Timestamp now) {
  for (auto& record : store_.approvals().pending(job_row)) {
    resolve(record, {.status = ApprovalStatus::expired, .reason = std::string{reason}}, now);
  }
}

}  // namespace butler::orchestrator
