#include "gateway/gateway_fixture.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_commands.hpp"

namespace butler::gateway::gateway_test {

namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST_F(GatewayTest, AMessageIsAnswered) {
  start();
  say("hello");

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("re: hello"));
  EXPECT_EQ(telegram.shown[0].chat_id, owner);
  EXPECT_EQ(json::find(telegram.shown[0].body, "parse_mode"), nullptr);
  const domain::Job& job = orchestrator.job_with_prompt("hello");
  EXPECT_EQ(job.session_key, "telegram:42:v1");
  EXPECT_EQ(job.requester_id, "42");
  EXPECT_EQ(job.deliver_to, "telegram:700001");
  EXPECT_TRUE(orchestrator.keys.contains("tg:700001:1000"));
  EXPECT_EQ(times_ready, 1);
}

TEST_F(GatewayTest, ATopicHasItsOwnSessionAndGetsItsOwnAnswers) {
  start();
  say_in_group("/task count", owner, {{"message_thread_id", 9}, {"is_topic_message", true}});

  ASSERT_TRUE(shown(1));
  EXPECT_EQ(telegram.shown[0].chat_id, group);
  EXPECT_EQ(telegram.shown[0].thread_id, 9);
  EXPECT_EQ(orchestrator.job_with_prompt("count").session_key, "telegram:-1005:thread:9:v1");
}

TEST_F(GatewayTest, MessagesOfAChatBecomeJobsInTheirOrder) {
  std::vector<std::string> wanted;
  for (int i = 0; i < 30; ++i) {
    say("n" + std::to_string(i));
    wanted.push_back("n" + std::to_string(i));
  }
  start();
  ASSERT_TRUE(shown(30));
  EXPECT_EQ(orchestrator.created, wanted);
}

TEST_F(GatewayTest, TheSameUpdateTwiceIsAnsweredOnce) {
  start();
  say("hello");
  const json::Object update = telegram.updates.back();
  ASSERT_TRUE(shown(1));

  telegram.push(update);
  say("next");

  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts(), ElementsAre("re: hello", "re: next"));
}

TEST_F(GatewayTest, UpdatesThatCannotBeReadHoldNothingBack) {
  telegram.push({{"widget_query", json::Object{{"id", 1}}}});
  telegram.push({{"message", "garbage"}});
  telegram.push({{"message", json::Object{{"message_id", "x"}}}});
  say("hello");
  start();

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("re: hello"));
}

TEST_F(GatewayTest, AGuestMessageWithTheOwnersChatIdIsDropped) {
  say("/run id", {{"guest_query_id", "g"}});
  say("/run id", {{"business_connection_id", "b"}});
  say("hello");
  start();

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(orchestrator.created, ElementsAre("hello"));
}

TEST_F(GatewayTest, InAGroupOnlyCommandsForUsAreHeard) {
  start();
  say_in_group("good morning everybody");
  say_in_group("/weather");
  say_in_group("/task@other_bot x");
  say_in_group("/task@butler_bot count");

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("re: count"));
  const json::Value* reply = json::find(telegram.shown[0].body, "reply_parameters");
  ASSERT_NE(reply, nullptr);
  EXPECT_TRUE(json::find_true(*reply, "allow_sending_without_reply"));
}

TEST_F(GatewayTest, WhatIsNotForTheAgentIsAnsweredInWords) {
  start();
  say("/help");
  say("/start");
  say("/whoami");
  say("/task");
  say("/run");
  say("/hlep");
  say("/run " + std::string(101, 'x'));
  say("somebody else's words", {{"forward_origin", json::Object{{"type", "user"}}}});

  ASSERT_TRUE(shown(8));
  constexpr auto role = domain::Role::owner;
  EXPECT_THAT(texts(), ElementsAre(wording::help(wording::Language::en, role, {}),
                                   wording::welcome(wording::Language::en, "Ada", role),
                                   wording::who_you_are(wording::Language::en, owner, role, "telegram:42:v1"),
                                   wording::empty_task(wording::Language::en),
                                   wording::empty_run(wording::Language::en),
                                   wording::unknown_command(wording::Language::en, "hlep", "help", role, {}),
                                   wording::prompt_too_long(wording::Language::en, 101, 100),
                                   wording::forwarded(wording::Language::en)));
  EXPECT_THAT(orchestrator.created, IsEmpty());
}

TEST_F(GatewayTest, APromptOfExactlyTheLimitIsTaken) {
  std::string prompt;
  for (int i = 0; i < 100; ++i) prompt += "ä";
  start();
  say(prompt);
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(orchestrator.created, ElementsAre(prompt));
}

TEST_F(GatewayTest, AnOldRunIsAnsweredAndNotRun) {
  start();
  say("/run reboot", {{"date", 1'700'000'000}});

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::stale_run(wording::Language::en)));
  EXPECT_THAT(orchestrator.created, IsEmpty());
}

TEST_F(GatewayTest, ACommandRunsWhenItIsApproved) {
  start();
  say("/run df -h");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts()[0], HasSubstr("df -h"));
  EXPECT_THAT(texts()[0], HasSubstr("/approve " + short_id("df -h")));

  say("/approve " + short_id("df -h"));

  ASSERT_TRUE(shown(3));
  EXPECT_THAT(texts(), ::testing::Contains("re: df -h"));
  EXPECT_THAT(texts(), ::testing::Contains(wording::approved(wording::Language::en, short_id("df -h"))));
}

TEST_F(GatewayTest, ADeniedCommandSaysSoOnce) {
  start();
  say("/run reboot");
  ASSERT_TRUE(shown(1));
  say("/deny");
  ASSERT_TRUE(shown(2));
  say("/help");

  ASSERT_TRUE(shown(3));
  EXPECT_EQ(texts()[1], wording::denied(wording::Language::en));
  EXPECT_EQ(texts()[2], wording::help(wording::Language::en, domain::Role::owner, {}));
}

TEST_F(GatewayTest, ApproveWithoutAnIdAsksWhichOneAndKnowsWhenThereIsNone) {
  start();
  say("/approve");
  ASSERT_TRUE(shown(1));
  say("/run one");
  say("/run two");
  ASSERT_TRUE(shown(3));
  say("/approve");
  say("/approve ffffffffffff");

  ASSERT_TRUE(shown(5));
  EXPECT_EQ(texts()[0], wording::nothing_to_decide(wording::Language::en));
  EXPECT_THAT(texts()[3], HasSubstr("Which one? Write /approve and the id:"));
  EXPECT_THAT(texts()[3], HasSubstr(short_id("one")));
  EXPECT_THAT(texts()[3], HasSubstr(short_id("two")));
  EXPECT_EQ(texts()[4], wording::no_such_job(wording::Language::en, "ffffffffffff"));
}

TEST_F(GatewayTest, ARunningJobIsStopped) {
  orchestrator.instant_agent = false;
  start();
  say("think");
  ASSERT_TRUE(until([&] { return orchestrator.jobs.size() == 1; }));
  const std::string id = orchestrator.job_with_prompt("think").id;
  orchestrator.jobs.at(id).status = domain::JobStatus::running;

  say("/abort");
  ASSERT_TRUE(shown(1));
  orchestrator.jobs.at(id).started_at = domain::wall_clock_now();
  orchestrator.finish(id, domain::JobStatus::aborted, "so far");

  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts(), ElementsAre(wording::stopping(wording::Language::en, short_id("think")),
                                   "so far\n\n(stopped)"));
}

TEST_F(GatewayTest, AWaitingJobIsStoppedWithOneMessage) {
  orchestrator.instant_agent = false;
  start();
  say("think");
  ASSERT_TRUE(until([&] { return orchestrator.jobs.size() == 1; }));
  say("/stop");
  ASSERT_TRUE(shown(1));
  say("/status " + short_id("think"));

  ASSERT_TRUE(shown(2));
  EXPECT_EQ(texts()[0], "Stopped.");
  EXPECT_THAT(texts()[1], HasSubstr(short_id("think") + " · stopped"));
}

TEST_F(GatewayTest, StatusShowsTheJobsOfTheChatAndThePause) {
  orchestrator.instant_agent = false;
  orchestrator.admin = {.paused = true, .pause_reason = "upgrade"};
  start();
  say("/status");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts()[0], HasSubstr("Paused (upgrade)"));
  EXPECT_THAT(texts()[0], HasSubstr("Nothing is running"));

  say("tidy up");
  ASSERT_TRUE(until([&] { return orchestrator.jobs.size() == 1; }));
  say("/status");
  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts()[1], HasSubstr(short_id("tidy up") + " · queued for 0 s · tidy up"));
}

TEST_F(GatewayTest, AControlCommandOvertakesAMessageThatIsStuck) {
  start();
  orchestrator.hold_creates = true;
  say("stuck");
  say("/status");

  ASSERT_TRUE(until([&] { return !telegram.shown.empty(); }));
  EXPECT_THAT(texts()[0], HasSubstr("1 message is not handed to the orchestrator yet"));
  orchestrator.hold_creates = false;
  orchestrator.changed.notify_all();
  ASSERT_TRUE(until([&] { return !texts().empty() && texts().back() == "re: stuck"; }));
}

TEST_F(GatewayTest, AFailureAndALostWorkerAreSaidInOneSentence) {
  orchestrator.instant_agent = false;
  start();
  say("one");
  say("two");
  ASSERT_TRUE(until([&] { return orchestrator.jobs.size() == 2; }));
  orchestrator.finish(orchestrator.job_with_prompt("one").id, domain::JobStatus::failed, {}, "overloaded");
  ASSERT_TRUE(shown(1));
  orchestrator.finish(orchestrator.job_with_prompt("two").id, domain::JobStatus::failed, "half",
                      "worker_lost");

  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts(), ElementsAre(wording::failed(wording::Language::en, "overloaded"),
                                   wording::worker_lost(wording::Language::en)));
}

TEST_F(GatewayTest, AnAbsentOrchestratorIsToldOnceAndTheMessageIsAnsweredLater) {
  orchestrator.away = true;
  start();
  say("hello");
  ASSERT_TRUE(until([&] { return telegram.shown.size() == 1; }));
  EXPECT_THAT(texts(), ElementsAre(wording::waiting_for_orchestrator(wording::Language::en)));

  orchestrator.away = false;

  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts(), ElementsAre(wording::waiting_for_orchestrator(wording::Language::en), "re: hello"));
}

TEST_F(GatewayTest, AnAbsentOrchestratorIsToldOnceForAllThatWaits) {
  orchestrator.away = true;
  start();
  for (const auto* const text : {"one", "two", "three"}) say(text);
  ASSERT_TRUE(until([&] { return telegram.shown.size() == 1; }));

  orchestrator.away = false;

  ASSERT_TRUE(shown(4));
  EXPECT_THAT(texts(), ElementsAre(wording::waiting_for_orchestrator(wording::Language::en), "re: one",
                                   "re: two", "re: three"));
}

TEST_F(GatewayTest, AControlCommandSaysThatTheOrchestratorIsAway) {
  orchestrator.away = true;
  start();
  say("/status");
  ASSERT_TRUE(until([&] { return telegram.shown.size() == 1; }));
  EXPECT_THAT(texts(), ElementsAre(wording::status_unknown(wording::Language::en, 0)));
}

TEST_F(GatewayTest, ARefusedRequestIsToldAndHoldsNothingBack) {
  orchestrator.create_error = {400, "invalid_request"};
  start();
  say("bad");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts()[0], HasSubstr("I could not start that"));
  orchestrator.create_error.reset();
  say("good");
  ASSERT_TRUE(shown(2));
  EXPECT_EQ(texts()[1], "re: good");
}

TEST_F(GatewayTest, ARefusedTokenEndsTheProcessAsAConfigurationFault) {
  telegram.token = "another";
  start();
  ASSERT_TRUE(until([&] { return exit_status.has_value(); }));
  EXPECT_EQ(exit_status, 78);
  EXPECT_EQ(telegram.calls.size(), 1U);
  EXPECT_EQ(times_ready, 0);
}

TEST_F(GatewayTest, ATokenThatIsRefusedLaterEndsItToo) {
  start();
  ASSERT_TRUE(until([&] { return telegram.count_calls("getUpdates") == 1; }));
  telegram.poll_error = {401, "Unauthorized"};
  say("wake the poll");
  ASSERT_TRUE(until([&] { return exit_status.has_value(); }));
  EXPECT_EQ(exit_status, 78);
}

TEST_F(GatewayTest, AnOrderlyEndConfirmsNothingNewAndLetsMessagesOnTheirWayFinish) {
  start();
  telegram.hold_sends = true;
  say("hello");
  ASSERT_TRUE(until([&] { return telegram.held == 1; }));
  const auto polls = telegram.count_calls("getUpdates");

  gateway->end(0);
  telegram.hold_sends = false;
  telegram.changed.notify_all();

  ASSERT_TRUE(until([&] { return exit_status.has_value(); }));
  EXPECT_EQ(exit_status, 0);
  EXPECT_EQ(telegram.count_calls("getUpdates"), polls);
  EXPECT_THAT(texts(), ElementsAre("re: hello"));
  restart();
  say("next");
  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts(), ElementsAre("re: hello", "re: next"));
}

}  // namespace

}  // namespace butler::gateway::gateway_test
