#include "gateway/gateway_fixture.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_commands.hpp"
#include "gateway/wording_conversation.hpp"

namespace butler::gateway::gateway_conversation_test {

namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

/// Sessions, groups and the commands about jobs, on the whole gateway.
class ConversationTest : public GatewayTest {
 protected:
  ConversationTest() { settings.prompt_max_chars = 15'000; }

  const domain::Job& job(std::string_view prompt) const { return orchestrator.job_with_prompt(prompt); }

  /// What a message of the bot replies to; 0 for nothing.
  static std::int64_t replied_to(const FakeTelegram::Shown& message) {
    const json::Value* reply = json::find(message.body, "reply_parameters");
    return reply == nullptr ? 0 : json::find_integer(*reply, "message_id");
  }

  json::Object mention(std::int64_t offset) {
    return {{"entities", json::Array{json::Object{{"type", "mention"}, {"offset", offset}, {"length", 11}}}}};
  }
};

TEST_F(ConversationTest, NewRotatesTheGenerationAndTheNextPromptStartsFresh) {
  start();
  say("one");
  say("/new");
  say("two");
  say("/reset three");
  ASSERT_TRUE(shown(4));

  EXPECT_EQ(job("one").session_key, "telegram:42:v1");
  EXPECT_EQ(job("two").session_key, "telegram:42:v2");
  EXPECT_EQ(job("three").session_key, "telegram:42:v3");
  EXPECT_THAT(texts(), UnorderedElementsAre("re: one", wording::fresh_session(wording::Language::en, 2),
                                            "re: two", "re: three"));
  kill();
  start();
  say("four");
  ASSERT_TRUE(shown(5));
  EXPECT_EQ(job("four").session_key, "telegram:42:v3") << "after a restart too";
}

TEST_F(ConversationTest, EachTopicHasItsSessionAndGeneralIsTheChat) {
  start();
  const json::Object topic{{"message_thread_id", 9}, {"is_topic_message", true}};
  say_in_group("/task a", owner, topic);
  say_in_group("/new@butler_bot", owner, topic);
  say_in_group("/task b", owner, topic);
  say_in_group("/task c");
  say_in_group("/task d", owner, {{"message_thread_id", 5}});  // a reply thread, no topic
  ASSERT_TRUE(shown(5));

  EXPECT_EQ(job("a").session_key, "telegram:-1005:thread:9:v1");
  EXPECT_EQ(job("b").session_key, "telegram:-1005:thread:9:v2");
  EXPECT_EQ(job("c").session_key, "telegram:-1005:v1");
  EXPECT_EQ(job("d").session_key, "telegram:-1005:v1");
}

TEST_F(ConversationTest, ContextSaysWhatTheSessionIs) {
  start();
  say("zero");
  say("/new");
  say("one");
  ASSERT_TRUE(shown(3));
  orchestrator.jobs.at(job("one").id).usage = domain::Usage{.input_tokens = 12'345, .cost_usd = 0.5};
  say("/context");
  ASSERT_TRUE(shown(4));

  EXPECT_THAT(texts()[3], AllOf(HasSubstr("Session 2 of this chat"), HasSubstr("telegram:42:v2"),
                                HasSubstr("1 job: 1 done."), HasSubstr("12 345 tokens"), HasSubstr("$0.5"),
                                HasSubstr("owners' files"), HasSubstr("/new")));
}

TEST_F(ConversationTest, SettingsAreSaidInWords) {
  start();
  say("/settings");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts()[0],
              AllOf(HasSubstr("You are an owner"), HasSubstr("15000"), HasSubstr("/run: owners only")));
}

TEST_F(ConversationTest, MentionsAndRepliesInAGroupAreHeardAndAnsweredAsReplies) {
  start();
  const std::int64_t first = telegram.next_message_id;
  say_in_group("nothing for the bot");
  say_in_group("@Butler_bot count", owner, mention(0));
  say_in_group("and why?", owner,
               {{"reply_to_message",
                 json::Object{{"message_id", 1},
                              {"from", json::Object{{"id", 700'001}, {"is_bot", true}, {"first_name", "B"}}},
                              {"text", "Seven."}}}});
  ASSERT_TRUE(shown(2));

  EXPECT_THAT(orchestrator.created,
              ElementsAre("count", "[In reply to your message, quoted here:]\n> Seven.\n\nand why?"));
  EXPECT_EQ(replied_to(telegram.shown[0]), first + 1);
  EXPECT_EQ(replied_to(telegram.shown[1]), first + 2);
}

TEST_F(ConversationTest, APhotoInAGroupIsAnsweredOnlyWhenItIsForUs) {
  start();
  const json::Object photo{{"photo", json::Array{json::Object{}}}};
  const json::Object chat{{"id", group}, {"type", "supergroup"}};
  const json::Object from{{"id", owner}, {"is_bot", false}, {"first_name", "Ada"}};
  json::Object message{{"message_id", 50}, {"date", 1'700'000'000}, {"chat", chat}, {"from", from}};
  message["photo"] = json::Array{json::Object{}};
  telegram.push({{"message", message}});
  message["caption"] = "@butler_bot what is it?";
  message["caption_entities"] = json::Array{json::Object{{"type", "mention"}, {"offset", 0}, {"length", 11}}};
  telegram.push({{"message", message}});

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::text_only(wording::Language::en)));
}

TEST_F(ConversationTest, AControlCommandInAGroupMayFollowAMention) {
  start();
  say_in_group("@butler_bot /status", owner, mention(0));
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::nothing_to_stop(wording::Language::en)));
  EXPECT_EQ(replied_to(telegram.shown[0]), telegram.next_message_id - 2);
}

TEST_F(ConversationTest, RetryAsksForTheLatestFailureOnceMoreInThePresentSession) {
  orchestrator.instant_agent = false;
  start();
  start_job("one");
  start_job("two");
  orchestrator.finish(job("one").id, domain::JobStatus::failed, {}, "overloaded");
  orchestrator.finish(job("two").id, domain::JobStatus::completed, "done");
  ASSERT_TRUE(shown(2));
  const std::string failed = short_id("one");
  say("/new");
  ASSERT_TRUE(shown(3));
  say("/retry");
  ASSERT_TRUE(shown(4));
  ASSERT_TRUE(until([&] { return orchestrator.created.size() == 3; }));

  EXPECT_EQ(texts()[3], wording::retrying(wording::Language::en, failed, domain::JobKind::task));
  EXPECT_THAT(orchestrator.created, ElementsAre("one", "two", "one"));
  EXPECT_THAT(orchestrator.bodies.rbegin()->second, HasSubstr("telegram:42:v2"));
}

TEST_F(ConversationTest, RetryOfACommandIsApprovedAgainAndWhatRunsIsNotRepeated) {
  start();
  say("/run reboot");
  ASSERT_TRUE(shown(1));
  const std::string id = short_id("reboot");
  say("/retry " + id);
  ASSERT_TRUE(shown(2));
  EXPECT_EQ(texts()[1], wording::not_over_yet(wording::Language::en, id, domain::JobStatus::needs_approval));
  say("/deny");
  ASSERT_TRUE(shown(3));
  say("/retry " + id);
  ASSERT_TRUE(shown(5));

  EXPECT_THAT(texts(), Contains(HasSubstr("Run this command?")).Times(2));
  EXPECT_THAT(orchestrator.created, ElementsAre("reboot", "reboot"));
}

TEST_F(ConversationTest, RetryWithNothingToRetrySaysSo) {
  start();
  say("/retry");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::nothing_to_retry(wording::Language::en)));
  EXPECT_THAT(orchestrator.created, IsEmpty());
}

TEST_F(ConversationTest, ARetryIsMadeOnceThoughTheGatewayIsKilledInTheMiddle) {
  start();
  say("/run reboot");
  ASSERT_TRUE(shown(1));
  say("/deny");
  ASSERT_TRUE(shown(2));
  orchestrator.on_created = [&] { cut(); };
  say("/retry");
  ASSERT_TRUE(until([&] { return !running; }));
  restart();
  say("/settings");

  ASSERT_TRUE(until([&] {
    return std::ranges::any_of(texts(), [](const auto& text) { return text.starts_with("What is set"); });
  }));
  ASSERT_TRUE(until([&] { return orchestrator.create_calls == 3; }));
  EXPECT_THAT(orchestrator.created, ElementsAre("reboot", "reboot"));
}

TEST_F(ConversationTest, JobsAreListedInPages) {
  start();
  for (int i = 1; i <= 12; ++i) say("request " + std::to_string(i));
  ASSERT_TRUE(shown(12));
  say("/jobs");
  ASSERT_TRUE(shown(13));
  EXPECT_THAT(texts()[12], AllOf(HasSubstr(short_id("request 12") + " · done"),
                                 HasSubstr(short_id("request 3") + " · done"), Not(HasSubstr("request 2")),
                                 HasSubstr("Older ones: /jobs " + short_id("request 3"))));
  say("/jobs " + short_id("request 3"));
  ASSERT_TRUE(shown(14));
  EXPECT_THAT(texts()[13], AllOf(HasSubstr("request 2"), HasSubstr("· request 1"), Not(HasSubstr("Older"))));
}

TEST_F(ConversationTest, StatusOfAJobSaysWhatItDoesNow) {
  orchestrator.instant_agent = false;
  start();
  start_job("tidy up");
  const std::string id = job("tidy up").id;
  orchestrator.events[id] = {
      {.type = domain::EventType::job_started, .seq = 1},
      {.type = domain::EventType::tool_start,
       .data = json::Object{{"toolCallId", "1"}, {"toolName", "bash"}, {"summary", "make test"}},
       .seq = 2}};
  orchestrator.jobs.at(id).usage = domain::Usage{.input_tokens = 10, .output_tokens = 20};
  orchestrator.jobs.at(id).attempt = 2;
  say("/status " + short_id("tidy up"));
  ASSERT_TRUE(shown(1));

  EXPECT_THAT(texts()[0],
              AllOf(HasSubstr("running"), HasSubstr("Request: tidy up"), HasSubstr("attempt 2 of 3"),
                    HasSubstr("Now: runs bash: make test."), HasSubstr("10 tokens read, 20 written")));
  orchestrator.finish(id, domain::JobStatus::failed, {}, "it broke");
  ASSERT_TRUE(shown(2));
  say("/status " + short_id("tidy up"));
  ASSERT_TRUE(shown(3));
  EXPECT_THAT(texts()[2], AllOf(HasSubstr("failed"), HasSubstr("Error: it broke"), Not(HasSubstr("Now:"))));
}

TEST_F(ConversationTest, SteerReachesTheRunningJobWithAKeyOfItsOwn) {
  orchestrator.instant_agent = false;
  start();
  start_job("think");
  say("wait behind it");
  ASSERT_TRUE(until([&] { return orchestrator.created.size() == 2; }));
  const auto update = telegram.next_update_id;
  say("/steer only in  src");
  ASSERT_TRUE(shown(1));

  EXPECT_THAT(texts(), ElementsAre(wording::steered(wording::Language::en, short_id("think"))));
  EXPECT_THAT(orchestrator.messages,
              ElementsAre(std::pair{"steer:700001:" + std::to_string(update),
                                    std::string{R"({"mode":"steer","text":"only in  src"})"}}));
}

TEST_F(ConversationTest, SteerSaysWhyThereIsNothingToSteer) {
  orchestrator.instant_agent = false;
  start();
  say("/steer");
  say("/steer left");
  ASSERT_TRUE(shown(2));
  say("think");
  ASSERT_TRUE(until([&] { return orchestrator.created.size() == 1; }));
  say("/steer left");
  ASSERT_TRUE(shown(3));
  orchestrator.run(job("think").id);
  say("/new");
  ASSERT_TRUE(shown(4));
  say("/steer left");
  ASSERT_TRUE(shown(5));

  EXPECT_EQ(texts()[0], wording::empty_steer(wording::Language::en));
  EXPECT_EQ(texts()[1], wording::nothing_to_steer(wording::Language::en));
  EXPECT_EQ(texts()[2],
            wording::not_started_yet(wording::Language::en, short_id("think"), domain::JobStatus::queued));
  EXPECT_EQ(texts()[4], wording::nothing_to_steer(wording::Language::en)) << "it runs in the session before";
  EXPECT_THAT(orchestrator.messages, IsEmpty());
}

TEST_F(ConversationTest, PanicStopsWhatRunsAndGoesOnAgain) {
  orchestrator.instant_agent = false;
  start();
  start_job("think");
  say("wait");
  ASSERT_TRUE(until([&] { return orchestrator.created.size() == 2; }));
  say("/panic");
  ASSERT_TRUE(shown(1));
  say("/panic on");
  ASSERT_TRUE(shown(2));
  say("/status");
  ASSERT_TRUE(shown(3));
  say("/panic off");
  ASSERT_TRUE(shown(4));
  say("/panic now");
  ASSERT_TRUE(shown(5));

  EXPECT_EQ(texts()[0], wording::panic_status(wording::Language::en, false, {}, 1, 1));
  EXPECT_EQ(texts()[1], wording::panic_on(wording::Language::en, 1, 1));
  EXPECT_THAT(texts()[2], HasSubstr("Paused (panic by Ada (42))"));
  EXPECT_EQ(texts()[3], wording::panic_off(wording::Language::en, true, 1));
  EXPECT_EQ(texts()[4], wording::panic_usage(wording::Language::en));
  EXPECT_THAT(
      orchestrator.pauses,
      ElementsAre(R"body({"reason":"panic by Ada (42)","abortRunning":true,"requesterId":"42"})body"));
}

TEST_F(ConversationTest, PanicAndAbortDoNotWaitForAStuckLaneOrForTwoHundredUpdates) {
  orchestrator.instant_agent = false;
  start();
  start_job("think");
  orchestrator.hold_creates = true;
  for (int i = 0; i < 100; ++i) say("stuck in " + std::to_string(i));
  for (int i = 0; i < 100; ++i) say_in_group("/task stuck too " + std::to_string(i));
  say("/abort");
  say("/panic on");

  ASSERT_TRUE(until([&] { return orchestrator.pauses.size() == 1; }));
  EXPECT_EQ(job("think").status, domain::JobStatus::aborting);
  EXPECT_THAT(orchestrator.created, ElementsAre("think")) << "the lanes are still stuck";
  orchestrator.hold_creates = false;
  orchestrator.changed.notify_all();
  ASSERT_TRUE(until([&] { return orchestrator.created.size() > 40; }));
  std::vector<std::string> of_chat;
  std::ranges::copy_if(orchestrator.created, std::back_inserter(of_chat),
                       [](const auto& prompt) { return prompt.starts_with("stuck in"); });
  for (std::size_t i = 0; i < of_chat.size(); ++i) EXPECT_EQ(of_chat[i], "stuck in " + std::to_string(i));
}

}  // namespace

}  // namespace butler::gateway::gateway_conversation_test
