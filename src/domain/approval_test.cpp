#include "domain/approval.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "domain/describe.hpp"
#include "domain/enum_name.hpp"

namespace butler::domain::approval_test {
namespace {

using enum ApprovalScope;
using enum ApprovalStatus;
constexpr auto allow = ApprovalVerdict::allow;
constexpr auto deny = ApprovalVerdict::deny;

constexpr Timestamp at(int milliseconds) { return Timestamp{std::chrono::milliseconds{milliseconds}}; }

TEST(Approval, TheFirstDecisionWinsInTimeAndWithinWhatWasOffered) {
  struct Row {
    ApprovalFacts facts;
    ApprovalVerdict verdict;
    ApprovalScope scope;
    DecisionOutcome expected;
  };
  const std::vector<ApprovalScope> all{once, session, always};
  const std::vector<ApprovalScope> narrow{once, session};
  const std::vector<Row> rows{
      {{pending, {}, {}, all}, allow, once, DecisionOutcome::taken},
      {{pending, {}, {}, all}, deny, always, DecisionOutcome::taken},
      {{pending, {}, at(11), all}, allow, session, DecisionOutcome::taken},
      {{pending, {}, at(10), all}, allow, once, DecisionOutcome::expired},
      {{pending, {}, at(9), all}, deny, once, DecisionOutcome::expired},
      {{pending, {}, {}, narrow}, allow, always, DecisionOutcome::not_offered},
      {{pending, {}, {}, narrow}, deny, always, DecisionOutcome::not_offered},
      {{pending, {}, {}, {}}, allow, once, DecisionOutcome::not_offered},
      {{allowed, once, {}, all}, allow, once, DecisionOutcome::repeated},
      {{allowed, once, at(1), all}, allow, once, DecisionOutcome::repeated},
      {{allowed, once, {}, all}, allow, always, DecisionOutcome::already_decided},
      {{allowed, once, {}, all}, deny, once, DecisionOutcome::already_decided},
      {{denied, session, {}, all}, deny, session, DecisionOutcome::repeated},
      {{denied, session, {}, all}, allow, session, DecisionOutcome::already_decided},
      {{expired, {}, {}, all}, allow, once, DecisionOutcome::expired},
      {{expired, {}, {}, all}, deny, once, DecisionOutcome::expired},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(decide(row.facts, row.verdict, row.scope, at(10)), row.expected)
        << enum_name(row.facts.status) << ' ' << enum_name(row.verdict) << ' ' << enum_name(row.scope);
  }
}

}  // namespace
}  // namespace butler::domain::approval_test
