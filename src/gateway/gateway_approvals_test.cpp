#include "gateway/gateway_fixture.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_approvals.hpp"

namespace butler::gateway::gateway_approvals_test {

namespace {

using namespace std::chrono_literals;
using domain::ApprovalScope;
using domain::ApprovalStatus;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

/// Tool calls that need somebody's yes.
class GatewayApprovalsTest : public GatewayTest {
 protected:
  static constexpr std::int64_t anna = 7;
  static constexpr std::int64_t other_owner = 43;

  GatewayApprovalsTest() {
    orchestrator.instant_agent = false;
    options.watching.until_told = 10s;
    options.watching.between_looks = 5ms;
    options.typing_interval = 30ms;
  }

  static api::Approval bash(const std::string& command) {
    return {.tool_call_id = "call-1",
            .tool_name = "bash",
            .summary = command,
            .input = json::Object{{"command", command}},
            .risk = "It deletes.",
            .cwd = "/home/butler/workspace",
            .sandbox_profile = "bwrap/1"};
  }

  /// Says it; the job that comes of it runs.
  std::string running_job(const std::string& prompt, std::int64_t person = owner) {
    say(prompt, {}, person);
    EXPECT_TRUE(until([&] { return std::ranges::count(orchestrator.created, prompt) == 1; }));
    const std::string id = orchestrator.job_with_prompt(prompt).id;
    orchestrator.run(id);
    return id;
  }

  /// Waits until a text with these words is in the chat.
  bool reads(std::string_view words, std::int64_t chat = owner) {
    return until([&] {
      return std::ranges::any_of(texts_in(chat),
                                 [&](const auto& text) { return text.find(words) != std::string::npos; });
    });
  }

  /// How many messages in the chat hold these words.
  std::ptrdiff_t count(std::string_view words, std::int64_t chat = owner) const {
    return std::ranges::count_if(texts_in(chat),
                                 [&](const auto& text) { return text.find(words) != std::string::npos; });
  }

  static std::string name(const api::Approval& approval) { return domain::short_job_id(approval.id); }

  const api::Approval& now(const api::Approval& asked) {
    return orchestrator.decisions.at(asked.job_id, asked.id);
  }
};

TEST_F(GatewayApprovalsTest, AToolCallIsAskedAboutInFullAndAllowedOnce) {
  start();
  const auto asked = orchestrator.ask(running_job("tidy up"), bash("rm -rf build"));
  ASSERT_TRUE(reads("May I use"));
  EXPECT_THAT(texts()[0], AllOf(HasSubstr("rm -rf build"), HasSubstr("/home/butler/workspace"),
                                HasSubstr("bwrap/1"), HasSubstr("It deletes."), HasSubstr("tidy up"),
                                HasSubstr("/approve " + name(asked) + " [session|always]"),
                                HasSubstr("/deny " + name(asked))));

  say("/approve " + name(asked));

  ASSERT_TRUE(reads("Allowed"));
  EXPECT_EQ(now(asked).status, ApprovalStatus::allowed);
  EXPECT_EQ(now(asked).scope, ApprovalScope::once);
  EXPECT_EQ(now(asked).decider_id, "42");
  run_for(50ms);
  EXPECT_THAT(texts(), SizeIs(2)) << "one question, one answer";
}

TEST_F(GatewayApprovalsTest, TheScopeGoesBehindTheIdOrAlone) {
  start();
  const std::string job = running_job("tidy up");
  const auto first = orchestrator.ask(job, bash("one"));
  ASSERT_TRUE(reads("one"));
  say("/approve " + name(first) + " session");
  ASSERT_TRUE(reads("for this conversation"));
  EXPECT_EQ(now(first).scope, ApprovalScope::session);

  const auto second = orchestrator.ask(job, bash("two"));
  ASSERT_TRUE(reads("two"));
  say("/approve always");
  ASSERT_TRUE(reads("from now on."));
  EXPECT_EQ(now(second).scope, ApprovalScope::always);
}

TEST_F(GatewayApprovalsTest, WhatIsNoScopeOrNotOfferedAllowsNothing) {
  start();
  auto wrapper = bash("env sh -c x");
  wrapper.scopes = {ApprovalScope::once, ApprovalScope::session};
  const auto asked = orchestrator.ask(running_job("tidy up"), wrapper);
  ASSERT_TRUE(reads("May I use"));
  EXPECT_THAT(texts()[0], Not(HasSubstr("always")));

  say("/approve " + name(asked) + " never");
  ASSERT_TRUE(reads("I don't know what “never” should mean"));
  say("/approve " + name(asked) + " always");
  ASSERT_TRUE(reads("can't be allowed with always"));
  EXPECT_EQ(orchestrator.decisions.calls, 0U);
}

TEST_F(GatewayApprovalsTest, ADenialCarriesItsReason) {
  start();
  const auto asked = orchestrator.ask(running_job("tidy up"), bash("rm -rf /"));
  ASSERT_TRUE(reads("May I use"));
  say("/deny that is my disk");
  ASSERT_TRUE(reads("Denied"));
  EXPECT_EQ(now(asked).status, ApprovalStatus::denied);
  EXPECT_EQ(now(asked).reason, "that is my disk");
  EXPECT_THAT(texts()[1], HasSubstr("that is my disk"));
}

TEST_F(GatewayApprovalsTest, AnOwnerDecidesForAPersonAndEverybodyWhoWasAskedHearsItOnce) {
  settings.owners = {owner, other_owner};
  settings.allowed = {anna};
  start();
  const auto asked = orchestrator.ask(running_job("annas task", anna), bash("curl example.com"));
  ASSERT_TRUE(reads("My owner has to allow", anna));
  ASSERT_TRUE(reads("Ada (id 7)", owner));
  ASSERT_TRUE(reads("May I use", other_owner));
  EXPECT_THAT(texts_in(anna)[0], AllOf(HasSubstr("curl example.com"), Not(HasSubstr("/approve"))));

  say("/approve " + name(asked), {}, anna);
  ASSERT_TRUE(reads("Only my owner", anna));
  say("/approve " + name(asked), {}, other_owner);

  ASSERT_TRUE(reads("Allowed", anna));
  ASSERT_TRUE(reads("by Ada (id 43)", owner));
  ASSERT_TRUE(reads("Allowed", other_owner));
  run_for(50ms);
  for (const auto chat : {owner, anna, other_owner}) EXPECT_EQ(count("Allowed", chat), 1) << chat;
  EXPECT_EQ(now(asked).decider_id, "43");
}

TEST_F(GatewayApprovalsTest, TheSecondOfTwoOwnersHearsWhoWasFaster) {
  settings.owners = {owner, other_owner};
  settings.allowed = {anna};
  start();
  const auto asked = orchestrator.ask(running_job("annas task", anna), bash("curl example.com"));
  ASSERT_TRUE(reads("May I use", owner));
  ASSERT_TRUE(reads("May I use", other_owner));

  say("/deny " + name(asked) + " no", {}, other_owner);
  ASSERT_TRUE(reads("Denied", owner) && reads("Denied", other_owner) && reads("Denied", anna));
  say("/approve " + name(asked) + " always", {}, owner);

  ASSERT_TRUE(reads("was denied already, by Ada (id 43)", owner));
  EXPECT_EQ(now(asked).status, ApprovalStatus::denied);
}

TEST_F(GatewayApprovalsTest, WhoMayNotSeeTheJobFindsNothingToDecide) {
  settings.approve_owner_only = false;
  settings.allowed = {anna, 8};
  start();
  const auto asked = orchestrator.ask(running_job("annas task", anna), bash("ls"));
  ASSERT_TRUE(reads("May I use", anna));
  say("/approve " + name(asked), {}, 8);
  ASSERT_TRUE(reads("no job", 8));
  say("/approve", {}, 8);
  ASSERT_TRUE(reads("Nothing is waiting", 8));
  say("/approve " + name(asked), {}, 9);  // a stranger
  say_in_group("/approve " + name(asked), anna);
  ASSERT_TRUE(reads("no job", group));
  EXPECT_EQ(orchestrator.decisions.calls, 0U);

  say("/approve", {}, anna);
  ASSERT_TRUE(reads("Allowed", anna));
}

TEST_F(GatewayApprovalsTest, SeveralThatWaitAreListedJobsToo) {
  start();
  say("/run df -h");
  ASSERT_TRUE(reads("df -h"));
  const auto asked = orchestrator.ask(running_job("tidy up"), bash("rm x"));
  ASSERT_TRUE(reads("rm x"));

  say("/approve");

  ASSERT_TRUE(reads("Which one?"));
  EXPECT_THAT(texts().back(), AllOf(HasSubstr(short_id("df -h")), HasSubstr(name(asked) + " · bash: rm x")));
  say("/approve " + short_id("df -h") + " always");
  ASSERT_TRUE(reads("each one is approved by itself"));
  EXPECT_EQ(orchestrator.decisions.calls, 0U);
}

TEST_F(GatewayApprovalsTest, ACommandWithoutAnIdNeverMeansWhatCameAfterIt) {
  start();
  const std::string job = running_job("tidy up");
  const std::int64_t before = telegram.next_message_id++;
  const auto asked = orchestrator.ask(job, bash("rm -rf ~"));
  ASSERT_TRUE(reads("May I use"));

  say("/approve", {{"message_id", before}});

  ASSERT_TRUE(reads("Write /approve and the id"));
  EXPECT_THAT(texts().back(), HasSubstr(name(asked)));
  EXPECT_EQ(orchestrator.decisions.calls, 0U);
}

TEST_F(GatewayApprovalsTest, ADecisionSurvivesAKillBeforeTheCall) {
  orchestrator.decisions.before_decision = [this] { cut(); };
  start();
  const auto asked = orchestrator.ask(running_job("tidy up"), bash("rm x"));
  ASSERT_TRUE(reads("May I use"));
  say("/approve session");
  ASSERT_TRUE(until([&] { return !running; }));
  EXPECT_EQ(now(asked).status, ApprovalStatus::pending);

  restart();

  ASSERT_TRUE(reads("Allowed"));
  EXPECT_EQ(now(asked).scope, ApprovalScope::session);
  run_for(50ms);
  EXPECT_THAT(texts(), SizeIs(2));
}

TEST_F(GatewayApprovalsTest, ADecisionThatWasTakenBeforeAKillIsToldOnce) {
  orchestrator.decisions.on_decided = [this] { cut(); };
  start();
  const std::string job = running_job("tidy up");
  const auto asked = orchestrator.ask(job, bash("rm x"));
  ASSERT_TRUE(reads("May I use"));
  say("/approve");
  ASSERT_TRUE(until([&] { return !running; }));
  const auto next = orchestrator.ask(job, bash("rm y"));

  restart();

  ASSERT_TRUE(reads("Allowed"));
  ASSERT_TRUE(reads("rm y"));
  run_for(50ms);
  EXPECT_EQ(count("Allowed"), 1);
  EXPECT_EQ(now(asked).status, ApprovalStatus::allowed);
  EXPECT_EQ(now(next).status, ApprovalStatus::pending) << "nobody has decided about that";
}

TEST_F(GatewayApprovalsTest, AQuestionOfWhichNobodyKnowsWhetherItArrivedIsNotAskedAgain) {
  start();
  const std::string job = running_job("tidy up");
  telegram.send_faults.push_back({.applied = true});  // and the answer breaks off
  const auto asked = orchestrator.ask(job, bash("rm x"));
  ASSERT_TRUE(reads("May I use"));
  run_for(80ms);
  kill();
  start();
  run_for(80ms);
  EXPECT_EQ(count("May I use"), 1);

  say("/approve " + name(asked));
  ASSERT_TRUE(reads("Allowed"));
}

TEST_F(GatewayApprovalsTest, WhatExpiresIsToldWhereItWasAsked) {
  start();
  const std::string job = running_job("tidy up");
  const auto asked = orchestrator.ask(job, bash("rm x"));
  ASSERT_TRUE(reads("May I use"));
  orchestrator.end_approval(job, asked.id, ApprovalStatus::expired);
  ASSERT_TRUE(reads(name(asked) + " (bash: rm x) was not decided"));
  EXPECT_TRUE(json::find_true(telegram.shown.back().body, "disable_notification"));

  say("/approve " + name(asked));
  ASSERT_TRUE(reads("has expired"));
  EXPECT_EQ(orchestrator.decisions.calls, 0U);
}

TEST_F(GatewayApprovalsTest, TheEndOfAJobEndsItsQuestions) {
  settings.allowed = {anna};
  start();
  const std::string job = running_job("annas task", anna);
  const auto asked = orchestrator.ask(job, bash("rm x"));
  ASSERT_TRUE(reads("May I use", owner));
  orchestrator.finish(job, domain::JobStatus::aborted);
  ASSERT_TRUE(reads(name(asked) + " (bash: rm x) was not decided", owner));
  say("/approve");
  ASSERT_TRUE(reads("Nothing is waiting", owner));
}

TEST_F(GatewayApprovalsTest, AnEndThatWasMissedIsToldAfterTheRestart) {
  start();
  const std::string job = running_job("tidy up");
  const auto asked = orchestrator.ask(job, bash("rm x"));
  ASSERT_TRUE(reads("May I use"));
  kill();
  orchestrator.end_approval(job, asked.id, ApprovalStatus::denied, "99");
  orchestrator.finish(job, domain::JobStatus::completed, "done");
  start();
  ASSERT_TRUE(reads("by id 99"));
  run_for(50ms);
  EXPECT_EQ(count("Denied"), 1);
}

TEST_F(GatewayApprovalsTest, AJobThatWaitsSaysSoAndTypesNothing) {
  options.watching.until_told = 300ms;
  start();
  const std::string job = running_job("tidy up");
  ASSERT_TRUE(until([&] { return telegram.count_calls("sendChatAction") > 0; }));
  const auto asked = orchestrator.ask(job, bash("rm x"));
  ASSERT_TRUE(reads("May I use"));
  run_for(300ms);  // what was on its way has come
  const auto typed = telegram.count_calls("sendChatAction");
  run_for(150ms);
  EXPECT_EQ(telegram.count_calls("sendChatAction"), typed);

  say("me too");
  ASSERT_TRUE(reads("waits for an approval"));
  say("/status");
  ASSERT_TRUE(reads("Waiting for a decision"));
  EXPECT_THAT(texts().back(),
              AllOf(HasSubstr(name(asked) + " · bash: rm x"), HasSubstr("waits for approval")));
  say("/status " + short_id("tidy up"));
  ASSERT_TRUE(until([&] { return count("Waiting for a decision") == 2; }));
  say("/jobs");
  ASSERT_TRUE(reads("newest first"));
  EXPECT_THAT(texts().back(), HasSubstr("waits for approval"));
  say("/context");
  ASSERT_TRUE(reads("1 waits for approval"));

  say("/approve");
  ASSERT_TRUE(reads("Allowed"));
  ASSERT_TRUE(until([&] { return telegram.count_calls("sendChatAction") > typed; })) << "it works again";
}

TEST_F(GatewayApprovalsTest, RefusalsOfTheRulesAreToldToThoseWhoWantToolNotices) {
  settings.only_agent_output = false;
  settings.notify_tool_events = true;
  start();
  const std::string job = running_job("tidy up");
  ASSERT_TRUE(reads("Started"));
  orchestrator.add_event(job, {.type = domain::EventType::log,
                               .message = "Not started: curl. Rule floor: Never.",
                               .data = json::Object{{"kind", "policy_denied"}},
                               .seq = 1});
  ASSERT_TRUE(reads("Not started: curl. Rule floor: Never."));
}

TEST_F(GatewayApprovalsTest, ARefusalIsToldAlsoWhenTheAnswerIsFasterThanTheNextLook) {
  settings.only_agent_output = false;
  settings.notify_tool_events = true;
  start();
  const std::string job = running_job("tidy up");
  ASSERT_TRUE(reads("Started"));
  for (const std::int64_t seq : {1, 2}) {
    const auto words = "Not started: call " + std::to_string(seq);
    orchestrator.add_event(job, {.type = domain::EventType::log,
                                 .message = words,
                                 .data = json::Object{{"kind", "policy_denied"}},
                                 .seq = seq});
  }
  orchestrator.finish(job, domain::JobStatus::completed, "done");
  ASSERT_TRUE(reads("done"));
  ASSERT_TRUE(reads("Not started: call 2"));
  EXPECT_EQ(std::ranges::count(texts(), "Not started: call 1"), 1);
}

}  // namespace

}  // namespace butler::gateway::gateway_approvals_test
