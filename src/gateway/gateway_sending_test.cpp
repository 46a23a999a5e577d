#include "gateway/gateway_fixture.hpp"
#include "gateway/wording.hpp"

namespace butler::gateway::gateway_sending_test {

namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Telegram refuses, breaks off or forgets, and the answer arrives all the same.
class GatewaySendingTest : public GatewayTest {
 protected:
  void ask(SendFault fault) {
    telegram.send_faults.push_back(std::move(fault));
    start();
    say("hello");
    say("next");
  }

  /// Both messages are settled: the second one is only sent after the first.
  bool both_settled() {
    return until([&] { return !texts().empty() && texts().back() == "re: next"; });
  }
};

TEST_F(GatewaySendingTest, FloodControlDelaysTheChatAndKeepsTheOrder) {
  ask({.status = 429, .description = "Too Many Requests: retry after 1", .parameters = {{"retry_after", 1}}});
  ASSERT_TRUE(both_settled());
  EXPECT_THAT(texts(), ElementsAre("re: hello", "re: next"));
}

TEST_F(GatewaySendingTest, FloodControlOfOneChatDoesNotDelayAnother) {
  telegram.send_faults.push_back({.status = 429,
                                  .description = "Too Many Requests: retry after 600",
                                  .parameters = {{"retry_after", 600}}});
  start();
  say("hello");
  ASSERT_TRUE(until([&] { return telegram.count_calls("sendMessage") == 1; }));
  say_in_group("/task other");

  ASSERT_TRUE(until([&] { return telegram.shown.size() == 1; }));
  EXPECT_THAT(texts(), ElementsAre("re: other"));
}

TEST_F(GatewaySendingTest, AResetBeforeTheMessageWasTakenLosesNothing) {
  ask({.applied = false});
  ASSERT_TRUE(both_settled());
  EXPECT_THAT(texts(), ElementsAre("re: hello", "re: next"));
}

TEST_F(GatewaySendingTest, AResetAfterTheMessageWasTakenRepeatsItOnce) {
  ask({.applied = true});
  ASSERT_TRUE(both_settled());
  EXPECT_THAT(texts(), ElementsAre("re: hello", "re: hello", "re: next"));
}

TEST_F(GatewaySendingTest, AnAnswerThatStaysUncertainIsLeftAndTheNextOneGoes) {
  telegram.send_faults.push_back({.applied = false});
  ask({.applied = false});
  ASSERT_TRUE(both_settled());
  EXPECT_THAT(texts(), ElementsAre("re: next"));
}

TEST_F(GatewaySendingTest, ARestartingServerIsWaitedFor) {
  telegram.send_faults.push_back({.status = 500, .description = "Internal Server Error: restart"});
  ask({.status = 500, .description = "Internal Server Error: restart"});
  ASSERT_TRUE(both_settled());
  EXPECT_THAT(texts(), ElementsAre("re: hello", "re: next"));
}

TEST_F(GatewaySendingTest, RefusedEntitiesComeAsPlainText) {
  telegram.send_faults.push_back({.status = 400, .description = "Bad Request: can't parse entities: x"});
  start();
  say("**bold**");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("re: bold"));
  EXPECT_EQ(json::find(telegram.shown[0].body, "entities"), nullptr);
}

TEST_F(GatewaySendingTest, ADeletedTopicGetsTheAnswerOutsideOfIt) {
  telegram.send_faults.push_back({.status = 400, .description = "Bad Request: message thread not found"});
  start();
  say_in_group("/task x", owner, {{"message_thread_id", 9}, {"is_topic_message", true}});
  ASSERT_TRUE(shown(1));
  EXPECT_EQ(telegram.shown[0].thread_id, 0);
}

TEST_F(GatewaySendingTest, AGroupThatMovedGetsItsAnswersThere) {
  telegram.send_faults.push_back({.status = 400,
                                  .description = "Bad Request: group chat was upgraded to a supergroup chat",
                                  .parameters = {{"migrate_to_chat_id", -100'777}}});
  start();
  say_in_group("/task x");
  say_in_group("/task y");
  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts(), ElementsAre("re: x", "re: y"));
  EXPECT_EQ(telegram.shown[0].chat_id, -100'777);
  EXPECT_EQ(telegram.shown[1].chat_id, -100'777);
}

TEST_F(GatewaySendingTest, ABlockedChatsAnswersAreKeptUntilItSpeaksAgain) {
  telegram.send_faults.push_back({.status = 403, .description = "Forbidden: bot was blocked by the user"});
  start();
  say("hello");
  ASSERT_TRUE(until([&] { return telegram.count_calls("sendMessage") == 1; }) && at_rest());
  say_in_group("/task other");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("re: other")) << "other chats go on";
  kill();
  start();
  ASSERT_TRUE(at_rest());
  EXPECT_EQ(telegram.count_calls("sendMessage"), 2U) << "and nothing more is tried, also after a restart";

  say("back again");

  ASSERT_TRUE(shown(3));
  EXPECT_THAT(texts(), ElementsAre("re: other", "re: hello", "re: back again"));
}

TEST_F(GatewaySendingTest, AnUnblockedBotSendsWhatItKept) {
  telegram.send_faults.push_back({.status = 403, .description = "Forbidden: bot was kicked"});
  start();
  say_in_group("/task x");
  ASSERT_TRUE(until([&] { return telegram.shown.size() == 1; }));
  EXPECT_THAT(telegram.shown[0].text, HasSubstr("could not deliver an answer to chat -1005"));
  EXPECT_EQ(telegram.shown[0].chat_id, owner);

  telegram.push(
      {{"my_chat_member", json::Object{{"chat", json::Object{{"id", group}, {"type", "supergroup"}}},
                                       {"new_chat_member", json::Object{{"status", "member"}}}}}});

  ASSERT_TRUE(shown(2));
  EXPECT_EQ(telegram.shown[1].text, "re: x");
}

TEST_F(GatewaySendingTest, TwoRefusedChatsHoldTheWholeBot) {
  const SendFault flood{
      .status = 429, .description = "Too Many Requests", .parameters = {{"retry_after", 1}}};
  telegram.send_faults = {flood, flood};
  start();
  say("hello");
  say_in_group("/task other");
  ASSERT_TRUE(until([&] { return telegram.count_calls("sendMessage") == 2; }));
  const auto refused = std::chrono::steady_clock::now();
  telegram.say("/task third", owner, {{"id", -7}, {"type", "group"}});

  ASSERT_TRUE(shown(3));
  EXPECT_GT(std::chrono::steady_clock::now() - refused, std::chrono::milliseconds{900});
}

TEST_F(GatewaySendingTest, AnAnswerThatWasGivenUpIsToldToTheOwnerAndTheNextOneGoes) {
  telegram.send_faults.push_back({.status = 400, .description = "Bad Request: reply markup is too long"});
  start();
  say_in_group("/task x");
  say_in_group("/task y");
  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts(), ::testing::UnorderedElementsAre(
                           AllOf(HasSubstr("chat -1005"), HasSubstr("reply markup is too long")), "re: y"));
}

TEST_F(GatewaySendingTest, ATextThatTelegramNeverTakesComesAsAFile) {
  telegram.send_faults.push_back({.status = 400, .description = "Bad Request: message is too long"});
  start();
  say("hello");
  ASSERT_TRUE(until([&] { return telegram.documents.size() == 1; }));
  EXPECT_THAT(telegram.documents[0], HasSubstr("re: hello"));
}

TEST_F(GatewaySendingTest, AnEndlessAnswerComesAsItsBeginningAndAFile) {
  orchestrator.instant_agent = false;
  start();
  say("long");
  ASSERT_TRUE(until([&] { return orchestrator.jobs.size() == 1; }));
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += "line " + std::to_string(i) + "\n\n";
  orchestrator.finish(orchestrator.job_with_prompt("long").id, domain::JobStatus::completed, text);

  ASSERT_TRUE(until([&] { return telegram.documents.size() == 1; }));
  EXPECT_THAT(texts(), ElementsAre(::testing::StartsWith("line 0")));
  EXPECT_THAT(telegram.documents[0], HasSubstr("answer.md"));
  EXPECT_THAT(telegram.documents[0], HasSubstr("line 4999"));
}

TEST_F(GatewaySendingTest, ALongAnswerComesInItsPartsInOrder) {
  orchestrator.instant_agent = false;
  start();
  say("long");
  ASSERT_TRUE(until([&] { return orchestrator.jobs.size() == 1; }));
  std::string text;
  for (int i = 0; i < 1'500; ++i) text += "line " + std::to_string(i) + "\n\n";
  orchestrator.finish(orchestrator.job_with_prompt("long").id, domain::JobStatus::completed, text);

  ASSERT_TRUE(until([&] { return !texts().empty() && texts().back().ends_with("line 1499"); }));
  EXPECT_THAT(texts().front(), ::testing::StartsWith("line 0"));
  EXPECT_GT(texts().size(), 3U);
}

TEST_F(GatewaySendingTest, ATokenRefusedForAMessageEndsTheProcessAndKeepsTheAnswer) {
  ask({.status = 401, .description = "Unauthorized"});
  ASSERT_TRUE(until([&] { return exit_status.has_value(); }));
  EXPECT_EQ(exit_status, 78);

  restart();
  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts(), ElementsAre("re: hello", "re: next"));
}

TEST_F(GatewaySendingTest, AnUnreachableTelegramGetsEverythingLater) {
  orchestrator.instant_agent = false;
  start();
  say("hello");
  ASSERT_TRUE(until([&] { return orchestrator.jobs.size() == 1 && telegram.updates.empty(); }));
  kill();
  const std::string root = std::exchange(settings.telegram_root, "http://127.0.0.1:1");
  start();
  orchestrator.finish(orchestrator.job_with_prompt("hello").id, domain::JobStatus::completed, "late");
  for (int i = 0; i < 20; ++i) io.run_one_for(std::chrono::milliseconds{5});
  kill();
  settings.telegram_root = root;
  start();

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("late"));
}

}  // namespace

}  // namespace butler::gateway::gateway_sending_test
