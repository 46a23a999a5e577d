#include "orchestrator/approval_service.hpp"

#include <algorithm>
#include <charconv>

#include "api/describe.hpp"
#include "domain/limits.hpp"
#include "json/codec.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::orchestrator {

using domain::ApprovalScope;
using domain::ApprovalStatus;
using domain::ApprovalVerdict;
using domain::DecisionOutcome;
namespace limits = domain::limits;

namespace {

constexpr std::string_view changed_meanwhile = "what was asked for has changed since";

Resolution out_of_time() { return {.status = ApprovalStatus::expired, .reason = "nobody decided in time"}; }

Refusal approval_not_found() {
  return {404, "approval_not_found", "this job has asked for no such approval", {}};
}

Refusal too_many() {
  return {
      409,
      "too_many_approvals",
      "this job has asked for " + std::to_string(limits::approvals_per_job) +
          " approvals already, and nobody is asked for more: start another job, or let the policy allow what "
          "it needs",
      {}};
}

Refusal too_late(std::string code, std::string message, const api::Approval& approval) {
  Refusal refusal{409, std::move(code), std::move(message), {}};
  refusal.more.emplace("approval", json::encode(approval));
  return refusal;
}

Refusal already_decided(const api::Approval& approval) {
  const std::string who = approval.decider_id.value_or("somebody");
  return too_late("already_decided",
                  who + (approval.status == ApprovalStatus::allowed ? " has allowed it" : " has denied it"),
                  approval);
}

Refusal expired(const api::Approval& approval) {
  return too_late("approval_expired",
                  "it is not asked any more: " + approval.reason.value_or("its time is over"), approval);
}

api::Approval to_approval(const api::ApprovalRequest& request) {
  api::Approval approval;
  approval.tool_call_id = request.tool_call_id;
  approval.tool_name = request.tool_name;
  approval.summary = request.summary;
  approval.input = request.input;
  approval.risk = request.risk;
  approval.payload_hash = request.payload_hash;
  approval.cwd = request.cwd;
  approval.sandbox_profile = request.sandbox_profile;
  approval.expires_at = request.expires_at;
  approval.scopes = request.scopes.value_or(
      std::vector{ApprovalScope::once, ApprovalScope::session, ApprovalScope::always});
  return approval;
}

bool offers(const api::Approval& approval, ApprovalScope scope) {
  return std::ranges::find(approval.scopes, scope) != approval.scopes.end();
}

}  // namespace

// ---- asked by the worker

Outcome<ApprovalService::Requested> ApprovalService::request(std::string_view job_id,
                                                             const LeaseService::Token& token,
                                                             const api::ApprovalRequest& request,
                                                             LeaseService::Now now) {
  if (auto refusal = check(request)) return std::unexpected(*std::move(refusal));
  const auto job = leases_.holder(job_id, token, now);
  if (!job) return std::unexpected(job.error());
  if (job->job.status != domain::JobStatus::running) {
    return std::unexpected(
        Refusal{409, "not_running", "the job is about to end, so nobody is asked any more", {}});
  }
  if (auto known = asked_before(*job, request, now.wall)) return Requested{*std::move(known), false};
  if (store_.approvals().count(job->row) >= limits::approvals_per_job) return std::unexpected(too_many());

  store::ApprovalRecord record;
  record.job_row = job->row;
  record.approval = to_approval(request);
  record.approval.id = ids_.next(now.wall, process::random_bytes<10>());
  record.approval.job_id = job->job.id;
  record.approval.created_at = now.wall;
  if (const auto standing = standing_for(job->job, record.approval)) {
    lifecycle_.answer(record, *standing, now.wall);
  } else {
    lifecycle_.ask(record, job->lease->worker_id);
  }
  return Requested{std::move(record.approval), true};
}

/// What the same call has asked before, or what a lost attempt has left behind for it.
std::optional<api::Approval> ApprovalService::asked_before(const store::JobRecord& job,
                                                           const api::ApprovalRequest& request,
                                                           domain::Timestamp now) {
  auto& approvals = store_.approvals();
  auto same_call = approvals.find_by_call(job.row, request.tool_call_id);
  const bool same = same_call && same_call->approval.payload_hash == request.payload_hash;
  if (same && same_call->call != store::ApprovalCall::carried) return std::move(same_call->approval);
  if (same_call && !same) {
    // The call is the same and what it would do is not: an answer to the old question is none to the new one.
    same_call->call = store::ApprovalCall::closed;
    if (same_call->approval.status == ApprovalStatus::pending) {
      lifecycle_.resolve(*same_call,
                         {.status = ApprovalStatus::expired, .reason = std::string{changed_meanwhile}}, now);
    } else {
      approvals.update(*same_call);
    }
  }
  auto carried = approvals.find_carried(job.row, request.payload_hash);
  if (!carried) return std::nullopt;
  carried->call = store::ApprovalCall::open;
  carried->approval.tool_call_id = request.tool_call_id;
  carried->delivered = carried->approval.status != ApprovalStatus::pending;  // by this answer
  approvals.update(*carried);
  log::info("approval.taken_over", {{"job", job.job.id},
                                    {"approval", carried->approval.id},
                                    {"status", domain::enum_name(carried->approval.status)}});
  return std::move(carried->approval);
}

/// A permission answers only where its scope may be chosen; a denial always does.
std::optional<api::StandingDecision> ApprovalService::standing_for(const domain::Job& job,
                                                                   const api::Approval& approval) {
  for (auto& decision :
       store_.approvals().find_standing(approval.payload_hash, job.requester_id, job.session_key)) {
    const auto scope = decision.session_key ? ApprovalScope::session : ApprovalScope::always;
    if (decision.decision == ApprovalVerdict::deny || offers(approval, scope)) return std::move(decision);
  }
  return std::nullopt;
}

// ---- decided by people

Outcome<api::ApprovalList> ApprovalService::list(std::string_view job_id) {
  const auto job = store_.find(job_id);
  if (!job) return std::unexpected(job_not_found());
  api::ApprovalList list;
  for (auto& record : store_.approvals().of_job(job->row))
    list.approvals.push_back(std::move(record.approval));
  return list;
}

Outcome<api::Approval> ApprovalService::decide(std::string_view job_id, std::string_view approval_id,
                                               const api::DecideApprovalRequest& request,
                                               domain::Timestamp now) {
  if (auto refusal = check(request)) return std::unexpected(*std::move(refusal));
  const auto job = store_.find(job_id);
  if (!job) return std::unexpected(job_not_found());
  auto record = store_.approvals().find(job->row, approval_id);
  if (!record) return std::unexpected(approval_not_found());
  auto& approval = record->approval;

  const domain::ApprovalFacts facts{approval.status, approval.scope, approval.expires_at, approval.scopes};
  switch (domain::decide(facts, request.decision, request.scope, now)) {
    case DecisionOutcome::not_offered:
      return std::unexpected(invalid_request("scope", "may not be chosen for this call"));
    case DecisionOutcome::repeated: return approval;
    case DecisionOutcome::already_decided: return std::unexpected(already_decided(approval));
    case DecisionOutcome::expired:
      if (approval.status == ApprovalStatus::pending) lifecycle_.resolve(*record, out_of_time(), now);
      return std::unexpected(expired(approval));
    case DecisionOutcome::taken: break;
  }
  const auto status =
      request.decision == ApprovalVerdict::allow ? ApprovalStatus::allowed : ApprovalStatus::denied;
  lifecycle_.resolve(*record, {status, request.scope, request.reason, request.decider_id}, now);
  if (request.scope != ApprovalScope::once) keep_decision(job->job, approval, now);
  return approval;
}

void ApprovalService::keep_decision(const domain::Job& job, const api::Approval& approval,
                                    domain::Timestamp now) {
  api::StandingDecision decision;
  decision.decision =
      approval.status == ApprovalStatus::allowed ? ApprovalVerdict::allow : ApprovalVerdict::deny;
  decision.payload_hash = approval.payload_hash;
  decision.requester_id = job.requester_id;
  if (approval.scope == ApprovalScope::session) decision.session_key = job.session_key;
  decision.tool_name = approval.tool_name;
  decision.summary = approval.summary;
  decision.decider_id = approval.decider_id.value_or("");
  decision.created_at = now;
  decision.id = store_.approvals().put_standing(decision);
  store_.audit().append({.ts = now,
                         .actor = decision.decider_id,
                         .action = "decision.added",
                         .subject = job.id,
                         .details = {{"decision", decision.id},
                                     {"verdict", domain::enum_name(decision.decision)},
                                     {"scope", domain::enum_name(*approval.scope)},
                                     {"requesterId", decision.requester_id},
                                     {"tool", decision.tool_name},
                                     {"payloadHash", decision.payload_hash}}});
}

api::StandingDecisionList ApprovalService::standing() {
  return {store_.approvals().standing(limits::decisions_listed)};
}

Outcome<void> ApprovalService::revoke(std::string_view id, const api::RevokeDecisionRequest& request,
                                      domain::Timestamp now) {
  FieldProblems problems;
  problems.check_optional("revokerId", request.revoker_id, 1, limits::person_or_chat_id);
  if (!problems.empty()) return std::unexpected(problems.refusal());
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  const bool readable = error == std::errc{} && end == id.data() + id.size();
  const auto removed = readable ? store_.approvals().remove_standing(number) : std::nullopt;
  if (!removed) {
    return std::unexpected(Refusal{404, "decision_not_found", "there is no such standing decision", {}});
  }
  store_.audit().append({.ts = now,
                         .actor = request.revoker_id.value_or("gateway"),
                         .action = "decision.revoked",
                         .subject = "decision:" + std::to_string(number),
                         .details = {{"verdict", domain::enum_name(removed->decision)},
                                     {"requesterId", removed->requester_id},
                                     {"tool", removed->tool_name},
                                     {"payloadHash", removed->payload_hash}}});
  log::info("decision.revoked", {{"decision", number}, {"by", request.revoker_id.value_or("")}});
  return {};
}

void ApprovalService::expire(domain::Timestamp now) {
  for (auto& record : store_.approvals().overdue(now)) {
    lifecycle_.resolve(record, out_of_time(), now);
  }
}

// ---- what may be sent

std::optional<Refusal> check(const api::ApprovalRequest& request) {
  FieldProblems problems;
  problems.check_length("toolCallId", request.tool_call_id, 1, limits::tool_call_id);
  problems.check_length("toolName", request.tool_name, 1, limits::tool_name);
  problems.check_length("summary", request.summary, 0, limits::approval_summary);
  problems.check_length("risk", request.risk, 0, limits::approval_risk);
  problems.check_length("cwd", request.cwd, 1, limits::approval_cwd);
  problems.check_length("sandboxProfile", request.sandbox_profile, 1, limits::sandbox_profile);
  const bool hexadecimal = request.payload_hash.size() == limits::payload_hash &&
                           request.payload_hash.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hexadecimal) problems.add("payloadHash", "must be a SHA-256 in 64 lower-case hexadecimal digits");
  if (json::serialize(request.input).size() > limits::approval_input_bytes) {
    problems.add("input", "must have at most " + std::to_string(limits::approval_input_bytes) + " bytes");
  }
  if (request.scopes && request.scopes->empty()) problems.add("scopes", "must not be empty");
  if (problems.empty()) return std::nullopt;
  return problems.refusal();
}

std::optional<Refusal> check(const api::DecideApprovalRequest& request) {
  FieldProblems problems;
  problems.check_length("deciderId", request.decider_id, 1, limits::person_or_chat_id);
  problems.check_optional("reason", request.reason, 0, limits::approval_reason);
  if (problems.empty()) return std::nullopt;
  return problems.refusal();
}

}  // namespace butler::orchestrator
