#include "gateway/poll_pause.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace butler::gateway::poll_pause_test {

namespace {

using namespace std::chrono_literals;
using telegram::ApiError;

ApiError refused(int code, std::string description = "") {
  return {.kind = ApiError::Kind::refused, .error_code = code, .description = std::move(description)};
}

const PollTiming timing;
const ApiError reset{.kind = ApiError::Kind::unknown, .description = "reset"};

TEST(PollPauseTest, ARefusedTokenStopsPolling) {
  EXPECT_TRUE(pause_after(refused(401), 1, 0s, timing, 0).stop);
  EXPECT_TRUE(pause_after(refused(404), 1, 0s, timing, 0).stop);
  EXPECT_FALSE(pause_after(refused(409), 100, 0s, timing, 0).stop);
}

TEST(PollPauseTest, AConflictIsWaitedOutFrom3To60Seconds) {
  EXPECT_GE(pause_after(refused(409), 1, 0s, timing, 0.99).wait, 3s);
  EXPECT_LE(pause_after(refused(409), 50, 0s, timing, 0).wait, 60s);
}

TEST(PollPauseTest, FloodControlIsObeyed) {
  ApiError flood = refused(429);
  flood.retry_after = 4s;
  EXPECT_EQ(pause_after(flood, 9, 0s, timing, 0).wait, 4'500ms);
}

TEST(PollPauseTest, ALongPollThatWasCutIsRepeatedAtOnceButNotForEver) {
  EXPECT_EQ(pause_after(reset, 1, 60s, timing, 0).wait, 0s);
  EXPECT_EQ(pause_after(reset, 2, 60s, timing, 0).wait, 2s);
  EXPECT_EQ(pause_after(reset, 1, 1ms, timing, 0).wait, 1s);
  EXPECT_EQ(pause_after(reset, 40, 1ms, timing, 0).wait, 30s);
}

TEST(PollPauseTest, AConflictIsExplainedInWords) {
  EXPECT_THAT(explain_poll_error(refused(409, "Conflict: terminated by other getUpdates request")),
              testing::HasSubstr("another program is polling"));
  EXPECT_THAT(
      explain_poll_error(refused(409, "Conflict: can't use getUpdates method while webhook is active")),
      testing::HasSubstr("webhook is set"));
}

}  // namespace

}  // namespace butler::gateway::poll_pause_test
