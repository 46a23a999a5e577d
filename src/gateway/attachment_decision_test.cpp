#include "gateway/attachment_decision.hpp"

#include <gtest/gtest.h>

namespace butler::gateway::attachment_decision_test {

namespace {

using namespace std::chrono_literals;
using Action = FetchDecision::Action;
using Kind = telegram::FileError::Kind;

constexpr FetchTiming timing{
    .backoff = {100ms, 2.0, 1s}, .flood_slack = 500ms, .unavailable_tries = 3, .other_tries = 5};

struct Case {
  std::string_view name;
  telegram::FileError error;
  FetchFailures failures;
  FetchDecision decision;
};

TEST(FetchDecisionTest, EachFailureHasItsConsequence) {
  const std::vector<Case> cases{{"too big is final",
                                 {.kind = Kind::too_big},
                                 {},
                                 {.action = Action::missing, .reason = MissingReason::too_big}},
                                {"so is a folder that we do not know",
                                 {.kind = Kind::on_server_disk},
                                 {},
                                 {.action = Action::missing, .reason = MissingReason::on_server_disk}},
                                {"an expired link is asked for again",
                                 {.kind = Kind::unavailable},
                                 {.unavailable = 1},
                                 {.action = Action::retry, .wait = 100ms}},
                                {"but not for ever",
                                 {.kind = Kind::unavailable},
                                 {.unavailable = 3},
                                 {.action = Action::missing, .reason = MissingReason::unavailable}},
                                {"a broken download is repeated",
                                 {.kind = Kind::interrupted},
                                 {.other = 2},
                                 {.action = Action::retry, .wait = 200ms}},
                                {"up to its limit",
                                 {.kind = Kind::interrupted},
                                 {.other = 5},
                                 {.action = Action::missing, .reason = MissingReason::unreachable}},
                                {"a flood waits as long as it says",
                                 {.kind = Kind::flood, .retry_after = 7s},
                                 {.other = 4},
                                 {.action = Action::retry, .wait = 7500ms}},
                                {"but no longer than the job does",
                                 {.kind = Kind::flood, .retry_after = 500s},
                                 {},
                                 {.action = Action::missing, .reason = MissingReason::unreachable}},
                                {"a full disk may get room",
                                 {.kind = Kind::disk},
                                 {.other = 1},
                                 {.action = Action::retry, .wait = 100ms}},
                                {"or not",
                                 {.kind = Kind::disk},
                                 {.other = 5},
                                 {.action = Action::missing, .reason = MissingReason::no_room}},
                                {"without a token the next process goes on",
                                 {.kind = Kind::token_refused},
                                 {},
                                 {.action = Action::leave}},
                                {"the job does not wait for more",
                                 {.kind = Kind::interrupted},
                                 {.other = 1, .since_first_try = 7min},
                                 {.action = Action::missing, .reason = MissingReason::unreachable}}};
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    EXPECT_EQ(fetch_decision(one.error, one.failures, timing, 0.0), one.decision);
  }
}

TEST(FetchDecisionTest, FloodsAreNotCounted) {
  const FetchFailures failures = with(with({}, {.kind = Kind::flood}), {.kind = Kind::unavailable});

  EXPECT_EQ(failures.unavailable, 1);
  EXPECT_EQ(failures.other, 0);
}

}  // namespace

}  // namespace butler::gateway::attachment_decision_test
