#include "gateway/poll_health.hpp"

#include <gtest/gtest.h>

namespace butler::gateway::poll_health_test {

namespace {

using namespace std::chrono_literals;

const PollHealth::Time start{100h};

TEST(PollHealthTest, NoCompletedPollFor120SecondsIsDeafness) {
  const PollHealth health(start, 120s);
  EXPECT_FALSE(health.is_deaf(start + 119s));
  EXPECT_EQ(health.until_deaf(start + 119s), 1s);
  EXPECT_EQ(health.trouble(start + 119s), "");
  EXPECT_TRUE(health.is_deaf(start + 120s));
  EXPECT_EQ(health.until_deaf(start + 120s), std::nullopt);
  EXPECT_NE(health.trouble(start + 120s), "");
}

TEST(PollHealthTest, ACompletedPollStartsAnew) {
  PollHealth health(start, 120s);
  health.failed("the connection was reset");
  health.failed("somebody else polls");
  EXPECT_EQ(health.failures(), 2);
  EXPECT_EQ(health.trouble(start + 1s), "somebody else polls");

  health.completed(start + 200s);

  EXPECT_EQ(health.failures(), 0);
  EXPECT_EQ(health.trouble(start + 201s), "");
  EXPECT_EQ(health.age(start + 201s), 1s);
  EXPECT_TRUE(health.is_deaf(start + 320s));
}

}  // namespace

}  // namespace butler::gateway::poll_health_test
