#include "orchestrator/commit_pace.hpp"

#include <gtest/gtest.h>

namespace butler::orchestrator::commit_pace_test {
namespace {

using namespace std::chrono_literals;

TEST(CommitPace, IsFastBeforeTheFirstCommit) { EXPECT_FALSE(CommitPace{}.is_slow()); }

TEST(CommitPace, IsSlowAfterOneSlowCommit) {
  CommitPace pace;
  pace.took(100us);
  EXPECT_FALSE(pace.is_slow());
  pace.took(100ms);
  EXPECT_TRUE(pace.is_slow());
}

TEST(CommitPace, StaysSlowWhenFastCommitsComeBetweenSlowOnes) {
  CommitPace pace;
  for (int round = 0; round < 100; ++round) {
    pace.took(100ms);
    for (int fast = 0; fast < 20; ++fast) pace.took(100us);
    EXPECT_TRUE(pace.is_slow());
  }
}

TEST(CommitPace, IsFastAgainAfterManyFastCommits) {
  CommitPace pace;
  pace.took(100ms);
  for (int fast = 0; fast < 40; ++fast) pace.took(100us);
  EXPECT_FALSE(pace.is_slow());
}

}  // namespace
}  // namespace butler::orchestrator::commit_pace_test
