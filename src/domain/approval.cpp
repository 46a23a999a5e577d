#include "domain/approval.hpp"

#include <algorithm>

namespace butler::domain {

DecisionOutcome decide(const ApprovalFacts& facts, ApprovalVerdict verdict, ApprovalScope scope,
                       Timestamp now) {
  if (std::ranges::find(facts.scopes, scope) == facts.scopes.end()) return DecisionOutcome::not_offered;
  const auto wanted = verdict == ApprovalVerdict::allow ? ApprovalStatus::allowed : ApprovalStatus::denied;
  switch (facts.status) {
    case ApprovalStatus::expired: return DecisionOutcome::expired;
    case ApprovalStatus::allowed:
    case ApprovalStatus::denied:
      return facts.status == wanted && facts.scope == scope ? DecisionOutcome::repeated
                                                            : DecisionOutcome::already_decided;
    case ApprovalStatus::pending: break;
  }
  const bool too_late = facts.expires_at && *facts.expires_at <= now;
  return too_late ? DecisionOutcome::expired : DecisionOutcome::taken;
}

}  // namespace butler::domain
