#include "gateway/gateway_fixture.hpp"
#include "gateway/wording.hpp"

namespace butler::gateway {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The gateway is killed between two lines of a message's life, and started again.
class GatewayCrashTest : public GatewayTest {
 protected:
  /// The gateway ends at once, whatever it is waiting for.
  std::function<void()> crash() {
    return [this] { cut(); };
  }
};

TEST_F(GatewayCrashTest, BetweenFetchingAndStoringNothingIsLost) {
  telegram.on_updates_given = crash();
  start();
  say("hello");
  ASSERT_TRUE(until([&] { return !running; }));

  restart();

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("re: hello"));
}

TEST_F(GatewayCrashTest, BetweenStoringAndConfirmingNothingIsDoneTwice) {
  orchestrator.on_created = crash();
  start();
  say("hello");
  const json::Object update = telegram.updates.back();
  ASSERT_TRUE(until([&] { return !running; }));
  telegram.updates = {update};  // as if the higher offset had never been sent

  restart();

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("re: hello"));
  EXPECT_THAT(orchestrator.created, ElementsAre("hello"));
}

TEST_F(GatewayCrashTest, BetweenCreatingTheJobAndNotingItThereIsOneJob) {
  orchestrator.on_created = crash();
  start();
  say("hello");
  ASSERT_TRUE(until([&] { return !running; }));

  restart();

  ASSERT_TRUE(shown(1));
  ASSERT_TRUE(until([&] { return orchestrator.create_calls == 2; }));
  EXPECT_THAT(orchestrator.created, ElementsAre("hello"));
  EXPECT_THAT(texts(), ElementsAre("re: hello"));
}

TEST_F(GatewayCrashTest, BetweenAnswerAndAcknowledgementTheAnswerIsSentOnce) {
  orchestrator.on_acknowledge = crash();
  start();
  say("hello");
  ASSERT_TRUE(until([&] { return !running; }));
  restart();
  say("next");

  ASSERT_TRUE(until([&] { return !texts().empty() && texts().back() == "re: next"; }));
  EXPECT_EQ(std::ranges::count(texts(), "re: hello"), 1);
}

TEST_F(GatewayCrashTest, BeforeASendTheAnswerComesLater) {
  telegram.before_send = crash();
  telegram.send_faults.push_back({.applied = false});
  start();
  say("hello");
  ASSERT_TRUE(until([&] { return !running; }));

  restart();

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("re: hello"));
}

TEST_F(GatewayCrashTest, BetweenSendingAndRecordingAnAnswerIsRepeatedAtMostOnce) {
  telegram.after_send = crash();
  start();
  say("hello");
  ASSERT_TRUE(until([&] { return !running; }));

  restart();
  say("next");

  ASSERT_TRUE(until([&] { return !texts().empty() && texts().back() == "re: next"; }));
  EXPECT_THAT(texts(), ElementsAre("re: hello", "re: hello", "re: next"));
}

TEST_F(GatewayCrashTest, BetweenSendingAndRecordingAnApprovalIsNotRepeated) {
  telegram.after_send = crash();
  start();
  say("/run reboot");
  ASSERT_TRUE(until([&] { return !running; }));

  restart();
  say("/deny");

  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts(), ElementsAre(HasSubstr("reboot"), wording::denied()));
}

TEST_F(GatewayCrashTest, AControlCommandIsAnsweredAfterTheRestart) {
  orchestrator.away = true;
  options.control_patience = std::chrono::seconds{60};
  start();
  say("/status");
  ASSERT_TRUE(until([&] { return telegram.updates.empty(); }));
  kill();
  orchestrator.away = false;

  start();

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::nothing_to_stop()));
}

TEST_F(GatewayCrashTest, AJobThatEndsWhileTheGatewayIsAwayIsAnswered) {
  orchestrator.instant_agent = false;
  start();
  say("think");
  ASSERT_TRUE(until([&] { return orchestrator.jobs.size() == 1 && telegram.updates.empty(); }));
  kill();
  orchestrator.finish(orchestrator.job_with_prompt("think").id, domain::JobStatus::completed, "thought");

  start();

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("thought"));
}

TEST_F(GatewayCrashTest, ThirtyKillsAtAnyPointLoseNothing) {
  start();
  std::size_t asked = 0;
  for (int round = 0; round < 30; ++round) {
    say("n" + std::to_string(asked++));
    // Some number of steps of the event loop later: every point of a message's life is met sooner or later.
    for (int steps = 0; steps < round * 3; ++steps) {
      io.restart();
      io.run_one_for(std::chrono::milliseconds{1});
    }
    kill();
    start();
  }
  ASSERT_TRUE(until([&] {
    for (std::size_t i = 0; i < asked; ++i) {
      if (std::ranges::count(texts(), "re: n" + std::to_string(i)) == 0) return false;
    }
    return true;
  }));
  ASSERT_TRUE(at_rest());
  EXPECT_EQ(orchestrator.created.size(), asked);
  for (std::size_t i = 0; i < asked; ++i) {
    EXPECT_LE(std::ranges::count(texts(), "re: n" + std::to_string(i)), 2) << i;
  }
}

}  // namespace

}  // namespace butler::gateway
