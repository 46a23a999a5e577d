#include "gateway/gateway_fixture.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_conversation.hpp"

namespace butler::gateway::gateway_replies_test {

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Replies to what runs, on the whole gateway.
class RepliesTest : public GatewayTest {
 protected:
  RepliesTest() { orchestrator.instant_agent = false; }

  static json::Object replying_to(std::int64_t message_id, std::int64_t author, std::string text) {
    return {
        {"reply_to_message", json::Object{{"message_id", message_id},
                                          {"from", json::Object{{"id", author}, {"is_bot", author != owner}}},
                                          {"text", std::move(text)}}}};
  }

  std::vector<std::string> steered() const {
    std::vector<std::string> bodies;
    for (const auto& [key, body] : orchestrator.messages) bodies.push_back(body);
    return bodies;
  }
};

TEST_F(RepliesTest, AReplyToTheQuestionOfWhatRunsSteersIt) {
  start();
  const auto message = telegram.next_message_id;
  start_job("think");
  const auto update = telegram.next_update_id;
  say("only in src", replying_to(message, owner, "think"));

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::steered(wording::Language::en, short_id("think"))));
  EXPECT_THAT(orchestrator.messages,
              ElementsAre(std::pair{"steer:700001:" + std::to_string(update),
                                    std::string{R"({"mode":"steer","text":"only in src"})"}}));
  EXPECT_THAT(orchestrator.created, ElementsAre("think"));
}

TEST_F(RepliesTest, AReplyToWhatWasShownOfAJobSteersIt) {
  options.watching.until_told = 300ms;
  start();
  start_job("think");
  say("wait");
  ASSERT_TRUE(shown(1));  // "queued behind 1"
  const auto told = telegram.next_message_id - 1;
  orchestrator.finish(orchestrator.job_with_prompt("think").id, domain::JobStatus::completed, "done");
  ASSERT_TRUE(shown(2));
  orchestrator.run(orchestrator.job_with_prompt("wait").id);
  say("no, left", replying_to(told, 700'001, "queued"));

  ASSERT_TRUE(shown(3));
  EXPECT_THAT(steered(), ElementsAre(HasSubstr("no, left")));
}

TEST_F(RepliesTest, AReplyToTheLiveStatusOfAGroupSteersIt) {
  options.live.rules.first_in_group = 10ms;
  start();
  say_in_group("/task think");
  ASSERT_TRUE(until([&] { return orchestrator.created.size() == 1; }));
  orchestrator.run(orchestrator.job_with_prompt("think").id);
  ASSERT_TRUE(shown(1));
  const auto status = telegram.next_message_id - 1;
  run_for(300ms);  // it is known which message it is
  say_in_group("left", owner, replying_to(status, 700'001, "Working"));
  ASSERT_TRUE(until([&] { return !orchestrator.messages.empty(); }));
  EXPECT_THAT(steered(), ElementsAre(HasSubstr("left")));
}

TEST_F(RepliesTest, AReplyToAQuestionThatWaitsIsARequestWithAQuotation) {
  start();
  start_job("think");
  const auto message = telegram.next_message_id;
  say("wait");
  ASSERT_TRUE(until([&] { return orchestrator.created.size() == 2; }));
  say("in blue", replying_to(message, owner, "wait"));

  ASSERT_TRUE(until([&] { return orchestrator.created.size() == 3; }));
  EXPECT_EQ(orchestrator.created.back(), "[In reply to my own message, quoted here:]\n> wait\n\nin blue");
  EXPECT_THAT(steered(), IsEmpty());
}

TEST_F(RepliesTest, AReplyToAnAnsweredQuestionIsARequest) {
  orchestrator.instant_agent = true;
  start();
  const auto message = telegram.next_message_id;
  say("think");
  ASSERT_TRUE(shown(1));
  say("more", replying_to(message, owner, "think"));
  ASSERT_TRUE(shown(2));
  EXPECT_THAT(orchestrator.created, SizeIs(2));
}

TEST_F(RepliesTest, ACommandInAReplyIsACommand) {
  start();
  const auto message = telegram.next_message_id;
  start_job("think");
  say("/stop", replying_to(message, owner, "think"));
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::stopping(wording::Language::en, short_id("think"))));
  EXPECT_THAT(steered(), IsEmpty());
}

TEST_F(RepliesTest, APersonDoesNotSteerWhatSomebodyElseHasAsked) {
  settings.allowed = {43};
  start();
  const auto message = telegram.next_message_id;
  say_in_group("/task think");
  ASSERT_TRUE(until([&] { return orchestrator.created.size() == 1; }));
  orchestrator.run(orchestrator.job_with_prompt("think").id);
  json::Object extra = replying_to(message, owner, "/task think");
  extra["entities"] = json::Array{json::Object{{"type", "mention"}, {"offset", 0}, {"length", 11}}};
  say_in_group("@butler_bot stop it", 43, std::move(extra));

  ASSERT_TRUE(until([&] { return orchestrator.created.size() == 2; }));
  EXPECT_THAT(steered(), IsEmpty());
}

TEST_F(RepliesTest, WhileTheOrchestratorIsAwayAReplyWaitsAsARequest) {
  start();
  const auto message = telegram.next_message_id;
  start_job("think");
  orchestrator.away = true;
  say("more", replying_to(message, owner, "think"));
  ASSERT_TRUE(until([&] { return telegram.updates.empty(); }));
  ASSERT_TRUE(shown(1));  // it waits for the orchestrator
  orchestrator.away = false;
  ASSERT_TRUE(until([&] { return orchestrator.created.size() == 2; }));
}

}  // namespace

}  // namespace butler::gateway::gateway_replies_test
