#include "gateway/gateway_fixture.hpp"
#include "gateway/wording.hpp"

namespace butler::gateway::gateway_watching_test {

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// What a person sees before the answer.
class GatewayWatchingTest : public GatewayTest {
 protected:
  GatewayWatchingTest() {
    orchestrator.instant_agent = false;
    options.watching.until_told = 300ms;  // a busy machine hears of a start within that
    options.watching.between_tool_notices = 10ms;
    options.typing_interval = 30ms;
  }

  /// Says it, and waits until its job is there.
  std::string job_of(const std::string& text) {
    say(text);
    until([&] { return std::ranges::count(orchestrator.created, text) > 0; });
    return orchestrator.job_with_prompt(text).id;
  }

  bool watched(std::size_t jobs) {
    return until([&] { return orchestrator.watching == jobs; });
  }
};

TEST_F(GatewayWatchingTest, AJobBehindAnotherSaysSoOnceAndQuietly) {
  start();
  const std::string first = job_of("first");
  orchestrator.change(first, domain::JobStatus::running);
  job_of("second");

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::queued_behind(wording::Language::en, 1, 1)));
  EXPECT_TRUE(json::find_true(telegram.shown[0].body, "disable_notification"));
  run_for(500ms);
  EXPECT_EQ(texts().size(), 1U);
}

TEST_F(GatewayWatchingTest, MessagesThatQueueTogetherAreToldTogether) {
  options.watching.until_told = 3s;
  start();
  const std::string first = job_of("first");
  orchestrator.change(first, domain::JobStatus::running);
  for (int i = 0; i < 5; ++i) say("n" + std::to_string(i));

  ASSERT_TRUE(shown(1));
  run_for(150ms);
  EXPECT_THAT(texts(), ElementsAre(wording::queued_behind(wording::Language::en, 5, 1)));
}

TEST_F(GatewayWatchingTest, WhatComesSoonAfterwardsIsToldWithTheRest) {
  options.watching.between_waiting_notices = 4s;
  start();
  orchestrator.change(job_of("first"), domain::JobStatus::running);
  job_of("second");
  ASSERT_TRUE(shown(1));
  for (const auto* const text : {"third", "fourth", "fifth"}) {
    job_of(text);
    run_for(100ms);
  }

  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts(), ElementsAre(wording::queued_behind(wording::Language::en, 1, 1),
                                   wording::queued_behind(wording::Language::en, 3, 2)));
}

TEST_F(GatewayWatchingTest, AJobThatNobodyTakesWaitsForAWorker) {
  start();
  job_of("anybody?");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::waits_for_a_worker(wording::Language::en, 1)));
}

TEST_F(GatewayWatchingTest, APauseIsToldWithItsReason) {
  orchestrator.admin = {.paused = true, .pause_reason = "maintenance"};
  start();
  job_of("hello");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts()[0], AllOf(HasSubstr("paused"), HasSubstr("maintenance")));
}

TEST_F(GatewayWatchingTest, AJobThatStartsInTimeNeedsNoWords) {
  options.watching.until_told = 1s;
  start();
  const std::string job = job_of("quick");
  orchestrator.change(job, domain::JobStatus::running);
  run_for(1'500ms);
  orchestrator.finish(job, domain::JobStatus::completed, "done");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("done"));
}

TEST_F(GatewayWatchingTest, WhatWasToldIsNotToldAgainAfterARestart) {
  start();
  const std::string job = job_of("hello");
  ASSERT_TRUE(shown(1));
  kill();
  start();
  ASSERT_TRUE(watched(1));
  run_for(150ms);
  EXPECT_EQ(texts().size(), 1U);

  orchestrator.change(job, domain::JobStatus::running);
  ASSERT_TRUE(until([&] { return telegram.count_calls("sendChatAction") > 0; })) << "but it is watched again";
}

TEST_F(GatewayWatchingTest, AJobWhoseMachineIsAwaySaysSo) {
  start();
  const std::string job = job_of("hello");
  ASSERT_TRUE(shown(1));
  orchestrator.change(job, domain::JobStatus::queued);  // a lease that was lost and came back
  ASSERT_TRUE(watched(1));

  orchestrator.add_event(job, {.type = domain::EventType::log, .message = "The machine is away."});

  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts()[1], AllOf(HasSubstr("The machine is away."), HasSubstr("/new")));
}

TEST_F(GatewayWatchingTest, TypingIsShownWhileAJobRunsAndStopsAtItsEnd) {
  start();
  const std::string job = job_of("work");
  EXPECT_EQ(telegram.count_calls("sendChatAction"), 0U);
  orchestrator.change(job, domain::JobStatus::running);
  ASSERT_TRUE(until([&] { return telegram.count_calls("sendChatAction") >= 3; }));

  orchestrator.finish(job, domain::JobStatus::completed, "done");
  ASSERT_TRUE(shown(1));
  const auto actions = telegram.count_calls("sendChatAction");
  run_for(100ms);
  EXPECT_LE(telegram.count_calls("sendChatAction"), actions + 1);
}

TEST_F(GatewayWatchingTest, AChatThatRefusesTypingIsLeftAlone) {
  telegram.action_error = {403, "Forbidden: bot was blocked by the user"};
  start();
  const std::string job = job_of("work");
  orchestrator.change(job, domain::JobStatus::running);
  ASSERT_TRUE(until([&] { return telegram.count_calls("sendChatAction") == 1; }));
  run_for(100ms);
  EXPECT_EQ(telegram.count_calls("sendChatAction"), 1U);
}

TEST_F(GatewayWatchingTest, AVeryLongJobStopsTypingAndSaysThatItGoesOn) {
  options.watching.typing_at_most = 1s;
  start();
  const std::string job = job_of("work");
  orchestrator.change(job, domain::JobStatus::running);
  ASSERT_TRUE(until([&] { return telegram.count_calls("sendChatAction") > 0; }));
  kill();
  run_for(1s);

  start();

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts()[0], HasSubstr("Still working"));
  const auto actions = telegram.count_calls("sendChatAction");
  run_for(100ms);
  EXPECT_EQ(telegram.count_calls("sendChatAction"), actions);
}

TEST_F(GatewayWatchingTest, TheEndOfAJobTakesBackWhatWasStillToBeSaidOfIt) {
  telegram.hold_sends = true;
  start();
  const std::string first = job_of("first");
  orchestrator.change(first, domain::JobStatus::running);
  const std::string second = job_of("second");
  ASSERT_TRUE(until([&] { return telegram.held == 1; }));  // "queued behind…" is on its way
  const std::string third = job_of("third");
  run_for(500ms);
  for (const auto& job : {first, second, third}) {
    orchestrator.finish(job, domain::JobStatus::completed, "answer " + orchestrator.jobs.at(job).prompt);
  }
  ASSERT_TRUE(at_rest());
  telegram.hold_sends = false;
  telegram.changed.notify_all();

  ASSERT_TRUE(shown(4));
  EXPECT_THAT(texts(), ElementsAre(wording::queued_behind(wording::Language::en, 1, 1), "answer first",
                                   "answer second", "answer third"));
}

TEST_F(GatewayWatchingTest, TheWholeLifeIsToldToThoseWhoWantIt) {
  settings.only_agent_output = false;
  settings.notify_tool_events = true;
  start();
  const std::string job = job_of("work");
  orchestrator.change(job, domain::JobStatus::running);
  ASSERT_TRUE(shown(2));
  orchestrator.add_event(job, {.type = domain::EventType::tool_start,
                               .message = "cat secret",
                               .data = json::Object{{"toolName", "bash"}}});
  ASSERT_TRUE(shown(3));
  orchestrator.finish(job, domain::JobStatus::completed, "done");

  ASSERT_TRUE(shown(5));
  const std::string id = domain::short_job_id(job);
  EXPECT_THAT(texts(), ElementsAre("Created " + id + ".", "Started " + id + ".", "Using bash.", "done",
                                   HasSubstr("Finished " + id)));
}

TEST_F(GatewayWatchingTest, ByDefaultOnlyTheAnswerIsHeard) {
  settings.notify_tool_events = true;  // without effect
  options.watching.until_told = 10s;
  start();
  const std::string job = job_of("work");
  orchestrator.change(job, domain::JobStatus::running);
  orchestrator.add_event(job,
                         {.type = domain::EventType::tool_start, .data = json::Object{{"toolName", "bash"}}});
  run_for(100ms);
  orchestrator.finish(job, domain::JobStatus::completed, "done");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("done"));
}

TEST_F(GatewayWatchingTest, AJobThatTheOrchestratorForgotIsNotWatchedForEver) {
  start();
  const std::string job = job_of("hello");
  ASSERT_TRUE(watched(1));
  orchestrator.jobs.erase(job);
  orchestrator.changed.notify_all();
  ASSERT_TRUE(watched(0));
}

}  // namespace

}  // namespace butler::gateway::gateway_watching_test
