#include "cli/restart_policy.hpp"

#include <gtest/gtest.h>

namespace butler::cli::restart_policy_test {
namespace {

using namespace std::chrono_literals;

TEST(RestartPolicy, TheWaitDoublesFromAFifthOfASecondToHalfAMinute) {
  const RestartPolicy policy;
  const std::vector<std::chrono::milliseconds> expected{200ms,   400ms,    800ms,    1'600ms, 3'200ms,
                                                        6'400ms, 12'800ms, 25'600ms, 30s,     30s};
  int failures = 0;
  for (const auto delay : expected) {
    const auto restart = plan_restart(policy, failures, 0ms);
    EXPECT_EQ(restart.delay, delay);
    failures = restart.failures;
  }
  EXPECT_EQ(plan_restart(policy, 1'000'000, 0ms).delay, 30s);
}

TEST(RestartPolicy, AChildThatWasReadyForAMinuteBeginsAgain) {
  struct Case {
    int failures;
    std::chrono::milliseconds ready_for;
    Restart expected;
  };
  for (const auto& row : {Case{0, 0ms, {1, 200ms}}, Case{5, 59'999ms, {6, 6'400ms}}, Case{5, 60s, {1, 200ms}},
                          Case{0, 24h, {1, 200ms}}}) {
    EXPECT_EQ(plan_restart(RestartPolicy{}, row.failures, row.ready_for), row.expected) << row.failures;
  }
}

}  // namespace
}  // namespace butler::cli::restart_policy_test
