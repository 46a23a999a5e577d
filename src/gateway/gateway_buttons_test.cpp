#include "gateway/buttons.hpp"
#include "gateway/gateway_fixture.hpp"

namespace butler::gateway::gateway_buttons_test {

namespace {

using namespace std::chrono_literals;
using domain::JobStatus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

/// Buttons under messages, pressed.
class GatewayButtonsTest : public GatewayTest {
 protected:
  static constexpr std::int64_t anna = 7;
  static constexpr std::int64_t stranger = 66;
  static constexpr std::int64_t other_owner = 43;

  GatewayButtonsTest() {
    orchestrator.instant_agent = false;
    options.watching.between_looks = 5ms;
    options.watching.until_told = 10s;
    options.callback_patience = 20s;
    settings.owners = {owner, other_owner};
    settings.allowed = {anna};
    settings.run_owner_only = false;
  }

  /// The message in the chat with this button, once it is there and we know it.
  const FakeTelegram::Shown* with_button(std::string_view label, std::int64_t chat = owner) const {
    for (const auto& one : telegram.shown) {
      if (one.chat_id == chat && !one.token(label).empty()) return &one;
    }
    return nullptr;
  }
  FakeTelegram::Shown wait_for_button(std::string_view label, std::int64_t chat = owner) {
    if (!until([&] { return with_button(label, chat) != nullptr; })) {
      throw std::runtime_error("there is no button " + std::string{label});
    }
    return *with_button(label, chat);
  }

  std::string press(const FakeTelegram::Shown& message, std::string_view label, std::int64_t person = owner) {
    return telegram.press(message.token(label), person, message.chat_id, message.message_id);
  }

  /// Presses, and waits for what the person is shown.
  FakeTelegram::Answered pressed(const FakeTelegram::Shown& message, std::string_view label,
                                 std::int64_t person = owner) {
    return answer_to(press(message, label, person));
  }
  FakeTelegram::Answered answer_to(const std::string& query_id) {
    const auto find = [&] {
      return std::ranges::find(telegram.answered, query_id, &FakeTelegram::Answered::query_id);
    };
    if (!until([&] { return find() != telegram.answered.end(); })) throw std::runtime_error("no answer");
    return *find();
  }

  /// Waits until the message shows these buttons and no others.
  bool shows(std::int64_t message_id, const std::vector<std::string>& labels, std::int64_t chat = owner) {
    return until([&] {
      return std::ranges::any_of(telegram.shown, [&](const auto& one) {
        return one.chat_id == chat && one.message_id == message_id && one.labels() == labels;
      });
    });
  }

  JobStatus status(std::string_view prompt) const { return orchestrator.job_with_prompt(prompt).status; }

  FakeTelegram::Shown ask_for_run(const std::string& command = "make", std::int64_t person = owner) {
    say("/run " + command, {}, person);
    return wait_for_button("Approve");
  }
};

TEST_F(GatewayButtonsTest, ApproveDoesWhatTheCommandDoesAndTheKeyboardTurnsIntoTheOutcome) {
  start();
  const auto question = ask_for_run();
  EXPECT_THAT(question.labels(), ElementsAre("Approve", "Deny"));
  EXPECT_THAT(question.text, HasSubstr("/approve")) << "the words go on saying how to type it";

  const auto toast = pressed(question, "Approve");

  EXPECT_THAT(toast.text, HasSubstr("pproved"));
  EXPECT_FALSE(toast.alert);
  EXPECT_TRUE(shows(question.message_id, {"[Approved ✓ by Ada]"}));
  EXPECT_EQ(status("make"), JobStatus::queued);
  EXPECT_THAT(telegram.shown, SizeIs(1)) << "the keyboard says it, no message beside it";
}

TEST_F(GatewayButtonsTest, DenyRefusesTheCommand) {
  start();
  const auto question = ask_for_run();
  EXPECT_FALSE(pressed(question, "Deny").alert);
  EXPECT_TRUE(shows(question.message_id, {"[Denied ✗ by Ada]"}));
  EXPECT_EQ(status("make"), JobStatus::aborted);
}

TEST_F(GatewayButtonsTest, AHundredRacingTapsDecideOnceAndEverybodyIsAnswered) {
  start();
  const auto question = ask_for_run();
  std::vector<std::string> queries;
  for (int tap = 0; tap < 100; ++tap) queries.push_back(press(question, tap % 2 == 0 ? "Approve" : "Deny"));
  ASSERT_TRUE(until([&] { return telegram.answered.size() == queries.size(); }));
  EXPECT_TRUE(shows(question.message_id, {"[Approved ✓ by Ada]"})) << "the first tap wins";
  EXPECT_EQ(status("make"), JobStatus::queued);
  EXPECT_EQ(telegram.edits, 1U);
  EXPECT_THAT(telegram.shown, SizeIs(1));
}

TEST_F(GatewayButtonsTest, AStrangerAndAPersonWithoutTheRightDecideNothing) {
  start();
  say_in_group("/run make");
  const auto question = wait_for_button("Approve", group);
  const auto refused = pressed(question, "Approve", stranger);
  EXPECT_TRUE(refused.alert);
  EXPECT_FALSE(refused.text.empty());
  EXPECT_TRUE(pressed(question, "Approve", anna).alert);
  EXPECT_EQ(status("make"), JobStatus::needs_approval);
  EXPECT_FALSE(pressed(question, "Approve", other_owner).alert) << "another owner may";
  EXPECT_EQ(status("make"), JobStatus::queued);
}

TEST_F(GatewayButtonsTest, ATokenIsWorthNothingElsewhere) {
  start();
  const auto question = ask_for_run();
  const std::string token = question.token("Approve");
  ASSERT_TRUE(at_rest());
  EXPECT_TRUE(answer_to(telegram.press(token, owner, owner, question.message_id + 100)).alert);
  EXPECT_TRUE(answer_to(telegram.press(token, owner, group, question.message_id)).alert);
  EXPECT_TRUE(answer_to(telegram.press(token, owner, owner, question.message_id,
                                       {{"message_thread_id", 3}, {"is_topic_message", true}}))
                  .alert);
  EXPECT_TRUE(answer_to(telegram.press(token + "x", owner, owner, question.message_id)).alert);
  EXPECT_TRUE(answer_to(telegram.press("", owner, owner, question.message_id)).alert);
  EXPECT_EQ(status("make"), JobStatus::needs_approval);
}

TEST_F(GatewayButtonsTest, EveryQuestionAboutTheSameTurnsIntoTheOutcome) {
  start();
  say("/run make", {}, anna);
  const auto one = wait_for_button("Approve", owner);
  const auto other = wait_for_button("Approve", other_owner);
  EXPECT_NE(one.token("Approve"), other.token("Approve"));
  pressed(one, "Approve");
  EXPECT_TRUE(shows(one.message_id, {"[Approved ✓ by Ada]"}));
  EXPECT_TRUE(shows(other.message_id, {"[Approved ✓ by Ada]"}, other_owner));
  const auto late = pressed(other, "Deny", other_owner);
  EXPECT_THAT(late.text, HasSubstr("Approved ✓ by Ada"));
  EXPECT_FALSE(late.alert);
  EXPECT_EQ(status("make"), JobStatus::queued);
}

TEST_F(GatewayButtonsTest, ADecisionInWordsOrElsewhereShowsOnTheKeyboardToo) {
  start();
  const auto question = ask_for_run("one");
  say("/approve " + short_id("one"));
  EXPECT_TRUE(shows(question.message_id, {"[Approved ✓ by Ada]"}));

  say("/run two");
  const auto second = wait_for_button("Approve");
  orchestrator.change(orchestrator.job_with_prompt("two").id, JobStatus::queued);
  EXPECT_TRUE(shows(second.message_id, {"[Approved ✓]"})) << "by somebody in the terminal";

  say("/run three");
  const auto third = wait_for_button("Approve");
  orchestrator.finish(orchestrator.job_with_prompt("three").id, JobStatus::aborted);
  EXPECT_TRUE(shows(third.message_id, {"[No longer needed]"}));
}

TEST_F(GatewayButtonsTest, APressSurvivesARestartBeforeItIsCarriedOut) {
  start();
  const auto question = ask_for_run();
  ASSERT_TRUE(at_rest());
  orchestrator.away = true;
  press(question, "Approve");
  ASSERT_TRUE(until([&] { return telegram.updates.empty(); })) << "it is on disk";
  kill();
  orchestrator.away = false;
  start();
  EXPECT_TRUE(shows(question.message_id, {"[Approved ✓ by Ada]"}));
  EXPECT_EQ(status("make"), JobStatus::queued);
}

TEST_F(GatewayButtonsTest, AKeyboardThatCouldNotBeEditedIsEditedAfterTheRestart) {
  start();
  const auto question = ask_for_run();
  ASSERT_TRUE(at_rest());
  for (int tries = 0; tries < 1'000; ++tries) telegram.edit_errors.emplace_back(429, "Too Many Requests");
  pressed(question, "Approve");
  EXPECT_EQ(status("make"), JobStatus::queued);
  kill();
  telegram.edit_errors.clear();
  start();
  EXPECT_TRUE(shows(question.message_id, {"[Approved ✓ by Ada]"}));
}

TEST_F(GatewayButtonsTest, ButtonsOfAFormerLifeStillWork) {
  start();
  const auto question = ask_for_run();
  ASSERT_TRUE(at_rest());
  kill();
  start();
  pressed(question, "Approve");
  EXPECT_TRUE(shows(question.message_id, {"[Approved ✓ by Ada]"}));
}

TEST_F(GatewayButtonsTest, WhatDoesNotWorkIsSaidAndCanBePressedAgain) {
  start();
  const auto question = ask_for_run();
  ASSERT_TRUE(at_rest());
  orchestrator.away = true;
  const auto refused = pressed(question, "Approve");
  EXPECT_TRUE(refused.alert);
  orchestrator.away = false;
  EXPECT_FALSE(pressed(question, "Approve").alert);
  EXPECT_EQ(status("make"), JobStatus::queued);
}

TEST_F(GatewayButtonsTest, WhoWaitsTooLongIsAnsweredMeanwhile) {
  options.callback_patience = 20ms;
  options.control_patience = 1'500ms;
  start();
  const auto question = ask_for_run();
  ASSERT_TRUE(at_rest());
  orchestrator.away = true;
  const auto meanwhile = pressed(question, "Approve");
  EXPECT_THAT(meanwhile.text, HasSubstr("moment"));
  EXPECT_FALSE(meanwhile.alert);
  EXPECT_TRUE(until([&] { return telegram.shown.size() == 2; })) << "that it did not work is a message then";
}

TEST_F(GatewayButtonsTest, AToolCallIsAllowedAsFarAsItIsOffered) {
  start();
  start_job("tidy up");
  const std::string job = orchestrator.job_with_prompt("tidy up").id;
  const auto asked = orchestrator.ask(job, {.tool_call_id = "call",
                                            .tool_name = "bash",
                                            .summary = "ls",
                                            .input = json::Object{{"command", "ls"}}});
  const auto question = wait_for_button("Once");
  EXPECT_THAT(question.labels(), ElementsAre("Once", "This session", "Always", "Deny"));

  pressed(question, "This session");

  EXPECT_TRUE(shows(question.message_id, {"[Allowed for this session ✓ by Ada]"}));
  const auto& now = orchestrator.decisions.at(job, asked.id);
  EXPECT_EQ(now.status, domain::ApprovalStatus::allowed);
  EXPECT_EQ(now.scope, domain::ApprovalScope::session);
  EXPECT_EQ(now.decider_id, "42");
  EXPECT_THAT(telegram.shown, SizeIs(1));

  const auto wrapper = orchestrator.ask(job, {.tool_call_id = "next",
                                              .tool_name = "bash",
                                              .summary = "env",
                                              .input = json::Object{{"command", "env"}},
                                              .scopes = {domain::ApprovalScope::once}});
  const auto second = wait_for_button("Once");
  EXPECT_THAT(second.labels(), ElementsAre("Once", "Deny"));
  orchestrator.end_approval(job, wrapper.id, domain::ApprovalStatus::expired);
  EXPECT_TRUE(shows(second.message_id, {"[Expired]"}));
}

TEST_F(GatewayButtonsTest, AFailureOffersRetryAndDetailsOnceEach) {
  start();
  start_job("build it");
  orchestrator.finish(orchestrator.job_with_prompt("build it").id, JobStatus::failed, {}, "boom");
  const auto failure = wait_for_button("Retry");
  EXPECT_THAT(failure.labels(), ElementsAre("Retry", "Details"));

  pressed(failure, "Details");
  EXPECT_TRUE(shows(failure.message_id, {"Retry"}));
  EXPECT_THAT(texts().back(), HasSubstr("boom"));

  EXPECT_FALSE(pressed(failure, "Retry").alert);
  EXPECT_TRUE(shows(failure.message_id, {"[Retried ✓ by Ada]"}));
  EXPECT_TRUE(until([&] { return std::ranges::count(orchestrator.created, "build it") == 2; }));
  pressed(failure, "Retry");
  ASSERT_TRUE(at_rest());
  EXPECT_EQ(std::ranges::count(orchestrator.created, "build it"), 2) << "a Retry is used once";
}

TEST_F(GatewayButtonsTest, StopStopsTheJob) {
  options.watching.until_told = 20ms;
  start();
  say("wait for it");
  const auto notice = wait_for_button("Stop");
  EXPECT_THAT(notice.labels(), ElementsAre("Status", "Stop"));
  EXPECT_FALSE(pressed(notice, "Stop").alert);
  EXPECT_TRUE(until([&] { return status("wait for it") == JobStatus::aborted; }));
  EXPECT_TRUE(shows(notice.message_id, {})) << "the job is over";
}

TEST_F(GatewayButtonsTest, StopWithoutAnIdOffersEachJobAndWhatIsStoppedLeavesTheList) {
  start();
  start_job("one");
  start_job("two");
  say("/stop");
  const std::string one = "Stop " + short_id("one");
  const std::string two = "Stop " + short_id("two");
  const auto question = wait_for_button(one);
  EXPECT_THAT(question.text, HasSubstr("Which one?"));
  EXPECT_THAT(question.labels(), UnorderedElementsAre(one, two));

  EXPECT_FALSE(pressed(question, one).alert);
  orchestrator.finish(orchestrator.job_with_prompt("one").id, JobStatus::aborted);
  EXPECT_TRUE(shows(question.message_id, {two})) << "neither Stop nor Stopping… is left of it";
  EXPECT_NE(status("two"), JobStatus::aborted);
}

TEST_F(GatewayButtonsTest, AnOwnerLetsAStrangerInOrNot) {
  start();
  say("hello", {}, stranger);
  const auto request = wait_for_button("Approve");
  const auto other = wait_for_button("Approve", other_owner);
  EXPECT_TRUE(pressed(request, "Approve", anna).alert);
  EXPECT_FALSE(pressed(request, "Approve").alert);
  EXPECT_TRUE(shows(request.message_id, {"[Let in ✓ by Ada]"}));
  EXPECT_TRUE(shows(other.message_id, {"[Let in ✓ by Ada]"}, other_owner));

  say("hello", {}, stranger + 1);
  const auto second = wait_for_button("Deny");
  EXPECT_FALSE(pressed(second, "Deny").alert);
  EXPECT_TRUE(shows(second.message_id, {"[Not let in ✗ by Ada]"}));
}

TEST_F(GatewayButtonsTest, AnOwnerIsAskedInThePlaceOfAPersonWhoWasLetOut) {
  settings.approve_owner_only = false;
  start();
  say("clean up", {}, anna);
  ASSERT_TRUE(until([&] { return orchestrator.watching == 1; })) << "the gateway does not know of the job";
  const std::string job = orchestrator.job_with_prompt("clean up").id;
  orchestrator.run(job);
  kill();
  settings.allowed = {};
  start();
  orchestrator.ask(job, {.tool_call_id = "c1", .tool_name = "bash", .summary = "rm x"});

  wait_for_button("Once");
  EXPECT_EQ(with_button("Once", anna), nullptr);
}

}  // namespace

}  // namespace butler::gateway::gateway_buttons_test
