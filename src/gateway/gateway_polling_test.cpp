#include "gateway/gateway_fixture.hpp"
#include "gateway/wording.hpp"

namespace butler::gateway::gateway_polling_test {

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Updates do not come as they should, and nothing is lost.
class GatewayPollingTest : public GatewayTest {};

TEST_F(GatewayPollingTest, ADeafPollIsGivenUpAndTheNextOneHears) {
  options.polling.poll_timeout = 1s;
  options.polling.patience = 10s;
  options.polling.deaf_after = 150ms;
  telegram.deaf = true;
  start();
  say("hello");
  ASSERT_TRUE(until([&] { return telegram.count_calls("getUpdates") >= 2; })) << "the hung one was given up";
  telegram.deaf = false;
  telegram.changed.notify_all();

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("re: hello"));
}

TEST_F(GatewayPollingTest, ASecondPollerIsToldToTheOwnerOnceAndLosesNothing) {
  telegram.poll_error = {409, "Conflict: terminated by other getUpdates request"};
  start();
  say("hello");
  ASSERT_TRUE(until([&] { return telegram.count_calls("getUpdates") >= 6; }));
  telegram.poll_error.reset();

  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts(), ElementsAre(HasSubstr("another program is polling"), "re: hello"));
}

TEST_F(GatewayPollingTest, AShortConflictIsNotWorthAWord) {
  telegram.poll_error = {409, "Conflict: terminated by other getUpdates request"};
  start();
  say("hello");
  ASSERT_TRUE(until([&] { return telegram.count_calls("getUpdates") == 1; }));
  telegram.poll_error.reset();
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("re: hello"));
}

TEST_F(GatewayPollingTest, WhileAWebhookIsSetNothingIsPolled) {
  options.polling.webhook_recheck = 20ms;
  telegram.webhook = "https://elsewhere.example/hook";
  start();
  say("hello");
  ASSERT_TRUE(until([&] { return telegram.count_calls("getWebhookInfo") >= 3; }));
  EXPECT_EQ(telegram.count_calls("getUpdates"), 0U);
  telegram.webhook.clear();

  ASSERT_TRUE(shown(1));
  EXPECT_EQ(telegram.count_calls("deleteWebhook"), 0U) << "it is somebody's: only looked at";
}

TEST_F(GatewayPollingTest, AWebhookThatAppearsLaterIsWaitedForToo) {
  options.polling.webhook_recheck = 20ms;
  start();
  ASSERT_TRUE(until([&] { return telegram.count_calls("getUpdates") == 1; }));
  telegram.webhook = "https://elsewhere.example/hook";
  telegram.poll_error = {409,
                         "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook"};
  say("hello");  // ends the open poll
  ASSERT_TRUE(until([&] { return telegram.count_calls("getWebhookInfo") >= 3; }));
  const auto polls = telegram.count_calls("getUpdates");
  ASSERT_TRUE(until([&] { return telegram.count_calls("getWebhookInfo") >= 5; }));
  EXPECT_EQ(telegram.count_calls("getUpdates"), polls);
  telegram.webhook.clear();
  telegram.poll_error.reset();
  say("next");
  ASSERT_TRUE(shown(2));
}

TEST_F(GatewayPollingTest, AServiceMessageMovesTheGroupWithAllThatWaitsForIt) {
  orchestrator.instant_agent = false;
  start();
  say_in_group("/task before the move");
  ASSERT_TRUE(until([&] { return orchestrator.jobs.size() == 1; }));
  const std::string session = orchestrator.job_with_prompt("before the move").session_key;
  telegram.push({{"message", json::Object{{"message_id", 900},
                                          {"date", 1},
                                          {"chat", json::Object{{"id", group}, {"type", "group"}}},
                                          {"migrate_to_chat_id", -100'777}}}});
  telegram.push({{"message", json::Object{{"message_id", 1},
                                          {"date", 1},
                                          {"chat", json::Object{{"id", -100'777}, {"type", "supergroup"}}},
                                          {"migrate_from_chat_id", group}}}});
  telegram.say("/task after the move", owner, {{"id", -100'777}, {"type", "supergroup"}});
  ASSERT_TRUE(until([&] { return orchestrator.jobs.size() == 2; }));
  for (const char* prompt : {"before the move", "after the move"}) {
    const auto& job = orchestrator.job_with_prompt(prompt);
    EXPECT_EQ(job.session_key, session) << "the conversation goes on";
    orchestrator.finish(job.id, domain::JobStatus::completed, prompt);
  }

  ASSERT_TRUE(until([&] { return texts().size() >= 2; }) && at_rest());
  EXPECT_THAT(texts(), ElementsAre("before the move", "after the move"));
  for (const auto& one : telegram.shown) EXPECT_EQ(one.chat_id, -100'777);
  EXPECT_EQ(json::find(telegram.shown[0].body, "reply_parameters"), nullptr) << "message ids began anew";
  EXPECT_NE(json::find(telegram.shown[1].body, "reply_parameters"), nullptr);
}

}  // namespace

}  // namespace butler::gateway::gateway_polling_test
