#include "gateway/tool_decisions.hpp"

#include <algorithm>

#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/job_id.hpp"
#include "domain/limits.hpp"
#include "domain/utf8.hpp"
#include "gateway/patience.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_approvals.hpp"
#include "gateway/wording_people.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace {

using domain::ApprovalScope;
using domain::ApprovalStatus;
using domain::ApprovalVerdict;
using ListedApprovals = std::vector<api::Approval>;

std::optional<api::Approval> with_id(const ListedApprovals& approvals, const std::string& id) {
  const auto found = std::ranges::find(approvals, id, &api::Approval::id);
  return found == approvals.end() ? std::nullopt : std::optional{*found};
}

}  // namespace

ControlAnswer ToolDecisions::allow(AskedApproval asked, std::string scope, const ControlRequest& request) {
  const auto wanted = scope.empty() ? ApprovalScope::once : domain::enum_from_name<ApprovalScope>(scope);
  if (!wanted) return say(wording::unknown_scope(request.language, scope));
  return decide(std::move(asked), {.verdict = ApprovalVerdict::allow, .scope = *wanted}, request);
}

ControlAnswer ToolDecisions::deny(AskedApproval asked, std::string reason, const ControlRequest& request) {
  return decide(
      std::move(asked),
      {.verdict = ApprovalVerdict::deny, .reason = domain::shorten(reason, domain::limits::approval_reason)},
      request);
}

ControlAnswer ToolDecisions::decide(AskedApproval asked, Decision decision, const ControlRequest& request) {
  const std::string job_id = asked.job_id;
  const auto list = [this, job_id] { return orchestrator_.approvals(job_id); };
  const auto approvals = co_await patiently<ListedApprovals>(list, request.give_up);
  if (!approvals) co_return ControlResult{excuse(request.language, approvals.error())};
  const auto approval = with_id(*approvals, asked.id);
  if (!approval) co_return ControlResult{wording::job_gone(request.language, domain::short_job_id(asked.id))};
  const bool again = store_.approval_command(request.update_id).has_value();
  if (approval->status != ApprovalStatus::pending) co_return outcome(*approval, again, request);
  if (decision.verdict == ApprovalVerdict::allow &&
      std::ranges::find(approval->scopes, decision.scope) == approval->scopes.end()) {
    co_return ControlResult{wording::scope_is_not_offered(request.language, *approval, decision.scope)};
  }
  store_.note_approval_command({.update_id = request.update_id,
                                .approval_id = asked.id,
                                .person_id = request.person.id,
                                .person_name = wording::person_name(request.language, request.person)});
  api::DecideApprovalRequest body{
      .decision = decision.verdict, .scope = decision.scope, .decider_id = request.person_id()};
  if (!decision.reason.empty()) body.reason = decision.reason;
  const auto call = [&] { return orchestrator_.decide_approval(job_id, asked.id, body); };
  const auto decided = co_await patiently<api::Approval>(call, request.give_up);
  if (!decided) {
    if (decided.error().approval) co_return outcome(*decided.error().approval, false, request);
    co_return ControlResult{excuse(request.language, decided.error())};
  }
  log::info("approval.decided", {{"approval", asked.id},
                                 {"job", job_id},
                                 {"decision", domain::enum_name(decision.verdict)},
                                 {"scope", domain::enum_name(decision.scope)},
                                 {"by", request.person.id}});
  co_return outcome(*decided, true, request);
}

ControlResult ToolDecisions::outcome(const api::Approval& approval, bool by_this_command,
                                     const ControlRequest& request) {
  const bool ours = by_this_command && approval.decider_id == request.person_id();
  if (ours) {
    approvals_.tell(approval, &request);
    return {};
  }
  approvals_.tell(approval);
  return ControlResult{wording::already_decided(request.language, approval,
                                                approvals_.decider_of(request.language, approval))};
}

}  // namespace butler::gateway
