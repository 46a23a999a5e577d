#include "gateway/gateway_fixture.hpp"

namespace butler::gateway::gateway_live_test {

namespace {

using namespace std::chrono_literals;
using domain::EventType;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// What a chat sees of a job while it runs.
class GatewayLiveTest : public GatewayTest {
 protected:
  GatewayLiveTest() {
    orchestrator.instant_agent = false;
    options.watching.between_looks = 5ms;
    options.live.until_reaction = 20ms;
    LiveRules& rules = options.live.rules;
    rules.first_in_private = 60ms;
    rules.first_in_group = 100ms;
    rules.between_drafts = 20ms;
    rules.between_edits_in_private = 20ms;
    rules.between_edits_in_group = 20ms;
    rules.between_later_edits = 20ms;
    rules.draft_tick = rules.message_tick = 60s;
    options.sending.flood.draft_burst = 1'000;
    options.sending.flood.kept_free = {0, 0, 0, 0};
  }

  /// Says it, and an agent has begun with it.
  std::string running(const std::string& text) {
    say(text);
    return run_job(text);
  }
  std::string running_in_group(const std::string& text) {
    say_in_group("/task " + text);
    return run_job(text);
  }
  std::string run_job(const std::string& text) {
    until([&] { return std::ranges::count(orchestrator.created, text) > 0; });
    const std::string id = orchestrator.job_with_prompt(text).id;
    orchestrator.run(id);
    return id;
  }

  void tool_begins(const std::string& job, std::string_view command) {
    add(job, EventType::tool_start, {{"toolCallId", "1"}, {"toolName", "bash"}, {"summary", command}});
  }
  void writes(const std::string& job, std::string_view text) {
    add(job, EventType::agent_text_delta, {{"delta", text}});
  }
  void add(const std::string& job, EventType type, json::Object data = {}) {
    const auto seq = static_cast<std::int64_t>(orchestrator.events[job].size()) + 1;
    orchestrator.add_event(job, {.type = type, .data = std::move(data), .seq = seq});
  }

  bool called(std::string_view method, std::size_t times = 1) {
    return until([&] { return telegram.count_calls(method) >= times; });
  }
  std::vector<std::string> texts_of(std::string_view method) const {
    std::vector<std::string> texts;
    for (const auto& body : telegram.bodies_of(method)) {
      texts.emplace_back(json::find_string(body, "text"));
    }
    return texts;
  }
  bool has_text(std::string_view method, std::string_view words) {
    return until([&] {
      return std::ranges::any_of(texts_of(method),
                                 [&](const std::string& text) { return text.contains(words); });
    });
  }
  std::vector<std::string> reactions() const {
    std::vector<std::string> all;
    for (const auto& body : telegram.bodies_of("setMessageReaction")) {
      const auto& list = body.at("reaction").as_array();
      all.emplace_back(list.empty() ? "" : std::string{json::find_string(list[0], "emoji")});
    }
    return all;
  }
};

TEST_F(GatewayLiveTest, AQuestionGetsAReactionThatIsGoneWithTheAnswer) {
  start();
  const std::string job = running("think");
  ASSERT_TRUE(called("setMessageReaction"));
  EXPECT_EQ(json::find_integer(telegram.bodies_of("setMessageReaction")[0], "chat_id"), owner);
  orchestrator.finish(job, domain::JobStatus::completed, "done");
  ASSERT_TRUE(called("setMessageReaction", 2));
  EXPECT_THAT(reactions(), ElementsAre("👀", ""));
}

TEST_F(GatewayLiveTest, WhatIsAnsweredAtOnceGetsNeitherReactionNorStatus) {
  orchestrator.instant_agent = true;
  options.live.until_reaction = options.live.rules.first_in_private = 1s;
  start();
  say("quick");
  ASSERT_TRUE(shown(1));
  run_for(1'200ms);
  EXPECT_THAT(reactions(), IsEmpty());
  EXPECT_EQ(telegram.count_calls("sendMessageDraft"), 0U);
}

TEST_F(GatewayLiveTest, APrivateChatSeesADraftWithAStopThatSaysWhatIsDone) {
  start();
  const std::string job = running("build it");
  ASSERT_TRUE(called("sendMessageDraft"));
  tool_begins(job, "make all");
  ASSERT_TRUE(has_text("sendMessageDraft", "bash: make all"));
  const auto drafts = telegram.bodies_of("sendMessageDraft");
  EXPECT_TRUE(json::find_true(drafts[0], "can_stop"));
  EXPECT_TRUE(json::find_true(drafts[0], "keep_on_stop"));
  for (const auto& draft : drafts) {
    EXPECT_EQ(json::find_integer(draft, "draft_id"), json::find_integer(drafts[0], "draft_id"));
    EXPECT_NE(json::find_integer(draft, "draft_id"), 0);
  }
  orchestrator.finish(job, domain::JobStatus::completed, "built");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("built"));
  EXPECT_FALSE(json::find_true(telegram.shown[0].body, "disable_notification")) << "the answer rings";
  const auto calls = telegram.count_calls("sendMessageDraft");
  run_for(100ms);
  EXPECT_EQ(telegram.count_calls("sendMessageDraft"), calls);
}

TEST_F(GatewayLiveTest, AGroupSeesOneSilentMessageThatIsEditedAndThenGone) {
  start();
  const std::string job = running_in_group("build it");
  ASSERT_TRUE(shown(1));
  EXPECT_TRUE(json::find_true(telegram.shown[0].body, "disable_notification"));
  tool_begins(job, "make all");
  ASSERT_TRUE(has_text("editMessageText", "bash: make all"));
  const json::Value sent_body = telegram.shown[0].body;
  const json::Value edited_body = telegram.bodies_of("editMessageText").back();
  ASSERT_NE(json::find(sent_body, "reply_markup"), nullptr);
  ASSERT_NE(json::find(edited_body, "reply_markup"), nullptr) << "an edit without it takes the Stop away";
  EXPECT_EQ(json::serialize(*json::find(edited_body, "reply_markup")),
            json::serialize(*json::find(sent_body, "reply_markup")));
  orchestrator.finish(job, domain::JobStatus::completed, "built");
  ASSERT_TRUE(called("deleteMessage"));
  ASSERT_TRUE(shown(2));
  EXPECT_EQ(telegram.shown[1].text, "built");
  EXPECT_FALSE(json::find_true(telegram.shown[1].body, "disable_notification"));
  const auto edited = telegram.bodies_of("editMessageText")[0];
  EXPECT_EQ(json::find_integer(telegram.bodies_of("deleteMessage")[0], "message_id"),
            json::find_integer(edited, "message_id"));
  EXPECT_EQ(telegram.count_calls("sendMessageDraft"), 0U);
}

TEST_F(GatewayLiveTest, AStatusMessageIsGoneAlsoWhenTheGatewayWasKilledMeanwhile) {
  start();
  const std::string job = running_in_group("build it");
  ASSERT_TRUE(shown(1));
  ASSERT_TRUE(until([&] { return orchestrator.watching > 0; }));
  kill();
  orchestrator.finish(job, domain::JobStatus::completed, "built");
  start();
  ASSERT_TRUE(called("deleteMessage"));
  ASSERT_TRUE(shown(2));
}

TEST_F(GatewayLiveTest, ARestartGoesOnWithTheSameMessage) {
  start();
  const std::string job = running_in_group("build it");
  ASSERT_TRUE(shown(1));
  ASSERT_TRUE(until([&] { return orchestrator.watching > 0; }));
  run_for(500ms);  // it is known that the message has arrived
  kill();
  start();
  tool_begins(job, "make all");
  ASSERT_TRUE(has_text("editMessageText", "bash: make all"));
  EXPECT_EQ(texts().size(), 1U);
}

TEST_F(GatewayLiveTest, TheModesAreSetInTheChatAndStay) {
  start();
  say("/settings mode draft");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts()[0], HasSubstr("draft"));
  say("/settings mode loud");
  say("/settings");
  ASSERT_TRUE(shown(3));
  EXPECT_THAT(texts()[1], HasSubstr("loud"));
  EXPECT_THAT(texts()[2], HasSubstr("(draft)"));
  EXPECT_NE(json::find(telegram.shown[2].body, "reply_markup"), nullptr) << "the modes as buttons";
  kill();
  start();
  const std::string job = running("explain");
  writes(job, "**It is** simple, and this sentence is long enough.");
  ASSERT_TRUE(has_text("sendMessageDraft", "It is simple"));
}

TEST_F(GatewayLiveTest, OffShowsAReactionAndTypingOnly) {
  start();
  say("/settings mode off");
  ASSERT_TRUE(shown(1));
  running("explain");
  ASSERT_TRUE(called("setMessageReaction"));
  ASSERT_TRUE(called("sendChatAction"));
  run_for(150ms);
  EXPECT_EQ(telegram.count_calls("sendMessageDraft"), 0U);
}

TEST_F(GatewayLiveTest, OnlyAnOwnerChangesAGroupsMode) {
  settings.allowed = {77};
  start();
  say_in_group("/settings mode edit", 77);
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts()[0], HasSubstr("owner"));
  say_in_group("/settings");
  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts()[1], HasSubstr("(status)"));
}

TEST_F(GatewayLiveTest, StopUnderADraftStopsItsJobAndOnlyInItsChat) {
  start();
  const std::string job = running("think");
  ASSERT_TRUE(called("sendMessageDraft"));
  const auto draft = json::find_integer(telegram.bodies_of("sendMessageDraft")[0], "draft_id");
  const auto stop = [&](std::int64_t chat, std::int64_t id) {
    const json::Object where{{"id", chat}, {"type", "private"}};
    telegram.push({{"stopped_message_generation", json::Object{{"chat", where}, {"draft_id", id}}}});
  };
  stop(owner, draft + 1);
  stop(77, draft);
  ASSERT_TRUE(at_rest());
  EXPECT_EQ(orchestrator.jobs.at(job).status, domain::JobStatus::running);
  stop(owner, draft);
  ASSERT_TRUE(until([&] { return orchestrator.jobs.at(job).status == domain::JobStatus::aborting; }));
  const auto calls = telegram.count_calls("sendMessageDraft");
  run_for(100ms);
  EXPECT_EQ(telegram.count_calls("sendMessageDraft"), calls) << "what was stopped stays as it is";
  orchestrator.finish(job, domain::JobStatus::aborted, "so far");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("so far\n\n(stopped)"));
}

TEST_F(GatewayLiveTest, AChatThatTakesNoDraftsIsRememberedAndGetsNoEditsInTheirPlace) {
  telegram.call_faults["sendMessageDraft"].push_back(
      {.status = 400, .description = "Bad Request: TEXTDRAFT_PEER_INVALID"});
  start();
  running("think");
  ASSERT_TRUE(called("sendMessageDraft"));
  run_for(500ms);  // the refusal is known
  kill();
  start();
  ASSERT_TRUE(until([&] { return orchestrator.watching > 0; }));
  run_for(150ms);
  EXPECT_EQ(telegram.count_calls("sendMessageDraft"), 1U);
  EXPECT_THAT(texts(), IsEmpty());
}

TEST_F(GatewayLiveTest, AfterA429NothingMoreIsShownInThisTurnAndTheAnswerDoesNotWait) {
  telegram.call_faults["sendMessageDraft"].push_back({.status = 429,
                                                      .description = "Too Many Requests: retry after 30",
                                                      .parameters = {{"retry_after", 30}}});
  start();
  const std::string job = running("think");
  ASSERT_TRUE(called("sendMessageDraft"));
  tool_begins(job, "make all");
  run_for(100ms);
  EXPECT_EQ(telegram.count_calls("sendMessageDraft"), 1U);
  orchestrator.finish(job, domain::JobStatus::completed, "done");
  ASSERT_TRUE(shown(1));
}

TEST_F(GatewayLiveTest, AMessageOfOursDismissesTheDraftAndItIsShownAgain) {
  start();
  running("think");
  ASSERT_TRUE(called("sendMessageDraft"));
  run_for(60ms);
  const auto calls = telegram.count_calls("sendMessageDraft");
  say("/whoami");
  ASSERT_TRUE(shown(1));
  EXPECT_TRUE(called("sendMessageDraft", calls + 1));
}

TEST_F(GatewayLiveTest, EditModeWritesTheAnswerIntoOneMessage) {
  start();
  say("/settings mode edit");
  ASSERT_TRUE(shown(1));
  const std::string job = running("explain");
  ASSERT_TRUE(shown(2));
  EXPECT_TRUE(json::find_true(telegram.shown[1].body, "disable_notification"));
  writes(job, "**It is** simple, and this sentence is long enough.");
  ASSERT_TRUE(has_text("editMessageText", "It is simple"));
  run_for(60ms);
  orchestrator.finish(job, domain::JobStatus::completed, "It is **simple**.");
  ASSERT_TRUE(called("deleteMessage"));
  ASSERT_TRUE(shown(3));
  EXPECT_EQ(texts()[2], "It is simple.");
  EXPECT_FALSE(json::find_true(telegram.shown[2].body, "disable_notification")) << "the answer rings";
  EXPECT_EQ(json::find_integer(telegram.bodies_of("deleteMessage")[0], "message_id"),
            json::find_integer(telegram.bodies_of("editMessageText")[0], "message_id"));
}

TEST_F(GatewayLiveTest, AStatusMessageStaysUntilTheAnswerIsThere) {
  start();
  const std::string job = running_in_group("build it");
  ASSERT_TRUE(shown(1));
  telegram.hold_sends = true;
  orchestrator.finish(job, domain::JobStatus::completed, "built");
  ASSERT_TRUE(until([&] { return telegram.held == 1; }));
  run_for(100ms);
  EXPECT_EQ(telegram.count_calls("deleteMessage"), 0U);
  telegram.hold_sends = false;
  telegram.changed.notify_all();
  EXPECT_TRUE(called("deleteMessage"));
}

TEST_F(GatewayLiveTest, AStatusMessageDoesNotWaitForEverForTheAnswer) {
  options.live.rules.until_answer = 20ms;
  start();
  const std::string job = running_in_group("build it");
  ASSERT_TRUE(shown(1));
  telegram.hold_sends = true;
  orchestrator.finish(job, domain::JobStatus::completed, "built");
  EXPECT_TRUE(called("deleteMessage"));
  telegram.hold_sends = false;
  telegram.changed.notify_all();
  EXPECT_TRUE(shown(2));
}

TEST_F(GatewayLiveTest, AnAnswerComesAfterADraftThatIsOnItsWay) {
  options.live.rules.until_draft = 20s;
  telegram.held_method = "sendMessageDraft";
  start();
  const std::string job = running("think");
  ASSERT_TRUE(called("sendMessageDraft"));
  orchestrator.finish(job, domain::JobStatus::completed, "done");
  run_for(150ms);
  EXPECT_THAT(texts(), IsEmpty()) << "the draft would stand there after it";
  telegram.held_method.clear();
  telegram.changed.notify_all();
  EXPECT_TRUE(shown(1));
}

TEST_F(GatewayLiveTest, AnAnswerWaitsOnlyAMomentForADraft) {
  options.live.rules.until_draft = 50ms;
  telegram.held_method = "sendMessageDraft";
  start();
  const std::string job = running("think");
  ASSERT_TRUE(called("sendMessageDraft"));
  orchestrator.finish(job, domain::JobStatus::completed, "done");
  EXPECT_TRUE(shown(1));
  telegram.held_method.clear();
  telegram.changed.notify_all();
}

TEST_F(GatewayLiveTest, AMessageCountsFromWhenItLeavesNotFromWhenThatWasDecided) {
  options.live.rules.until_draft = 1'500ms;
  options.sending.flood.chat_burst = 1;
  options.sending.flood.chat_interval = 1'500ms;
  telegram.held_method = "sendMessageDraft";
  start();
  const std::string job = running("think");
  ASSERT_TRUE(called("sendMessageDraft"));
  orchestrator.finish(job, domain::JobStatus::completed, std::string(5'000, 'x'));
  ASSERT_TRUE(shown(1)) << "so long after it was decided";
  telegram.held_method.clear();
  telegram.changed.notify_all();
  run_for(150ms);
  EXPECT_EQ(telegram.shown.size(), 1U) << "Telegram counts from the first part's coming";
  EXPECT_TRUE(shown(2));
}

TEST_F(GatewayLiveTest, AWaitForADecisionIsSaid) {
  start();
  const std::string job = running("clean up");
  ASSERT_TRUE(called("sendMessageDraft"));
  orchestrator.ask(job, {.tool_call_id = "c1", .tool_name = "bash", .summary = "rm x"});
  EXPECT_TRUE(has_text("sendMessageDraft", "Waiting for a decision"));
}

TEST_F(GatewayLiveTest, TheStopOfAStatusThatGoesAwayCostsTheGroupNoCall) {
  start();
  const std::string job = running_in_group("think");
  ASSERT_TRUE(shown(1));
  orchestrator.finish(job, domain::JobStatus::completed, "done");
  ASSERT_TRUE(shown(2));
  ASSERT_TRUE(called("deleteMessage"));
  run_for(100ms);
  EXPECT_EQ(telegram.count_calls("editMessageReplyMarkup"), 0U);
}

TEST_F(GatewayLiveTest, WhoWasLetOutMeanwhileSeesNothingMoreOfTheAnswer) {
  settings.allowed = {77};
  start();
  say("/settings mode draft", {}, 77);
  ASSERT_TRUE(shown(1));
  say("explain", {}, 77);
  const std::string job = run_job("explain");
  ASSERT_TRUE(called("sendMessageDraft"));
  kill();
  settings.allowed = {};
  start();
  const auto drafts = telegram.count_calls("sendMessageDraft");
  writes(job, "What only the owner may know, and in a sentence that is long enough.");
  ASSERT_TRUE(until([&] { return orchestrator.watching > 0; }));
  run_for(200ms);
  EXPECT_EQ(telegram.count_calls("sendMessageDraft"), drafts);
}

}  // namespace

}  // namespace butler::gateway::gateway_live_test
