#include "gateway/gateway_fixture.hpp"
#include "gateway/language.hpp"
#include "gateway/topics.hpp"

namespace butler::gateway::gateway_topics_test {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto english = wording::Language::en;

/// Topics in private chats, on the whole gateway.
class TopicsTest : public GatewayTest {
 protected:
  static json::Object in_topic(std::int64_t thread) {
    return {{"message_thread_id", thread}, {"is_topic_message", true}};
  }
};

TEST_F(TopicsTest, ATopicIsASessionOfItsOwnAndGetsItsAnswers) {
  start();
  say("here", in_topic(9));
  ASSERT_TRUE(shown(1));
  say("there", in_topic(10));
  ASSERT_TRUE(shown(2));

  EXPECT_EQ(orchestrator.job_with_prompt("here").session_key, "telegram:42:thread:9:v1");
  EXPECT_EQ(orchestrator.job_with_prompt("here").thread_id, "9");
  EXPECT_EQ(orchestrator.job_with_prompt("there").session_key, "telegram:42:thread:10:v1");
  EXPECT_EQ(telegram.shown[0].thread_id, 9);
  EXPECT_EQ(telegram.shown[1].thread_id, 10);
}

TEST_F(TopicsTest, ATopicIsMadeAndGreets) {
  start();
  say("/topic Summer\tholidays");
  ASSERT_TRUE(shown(2));

  EXPECT_THAT(telegram.topics, ElementsAre("Summer holidays"));
  EXPECT_THAT(texts(), ::testing::UnorderedElementsAre(
                           wording::say(english, "topics.made", {{"name", "Summer holidays"}}),
                           wording::say(english, "topics.greeting")));
  const auto greeting =
      std::ranges::find(telegram.shown, wording::say(english, "topics.greeting"), &FakeTelegram::Shown::text);
  EXPECT_EQ(greeting->thread_id, 501);
}

TEST_F(TopicsTest, ATopicIsMadeForATask) {
  start();
  say("/topic Holidays: find a train");
  ASSERT_TRUE(shown(3));

  EXPECT_THAT(telegram.topics, ElementsAre("Holidays"));
  EXPECT_THAT(orchestrator.created, ElementsAre("find a train"));
  EXPECT_EQ(orchestrator.job_with_prompt("find a train").session_key, "telegram:42:thread:501:v1");
  const auto answer = std::ranges::find(telegram.shown, "re: find a train", &FakeTelegram::Shown::text);
  EXPECT_EQ(answer->thread_id, 501);
  const auto request =
      std::ranges::find(telegram.shown, "Your request: find a train", &FakeTelegram::Shown::text);
  EXPECT_EQ(request->thread_id, 501) << "whoever opens the topic sees what it is about";
}

TEST_F(TopicsTest, WithoutThreadedModeNoTopicIsMade) {
  telegram.has_topics = false;
  start();
  say("/topic Holidays");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::say(english, "topics.off")));
  EXPECT_THAT(telegram.topics, IsEmpty());

  telegram.has_topics = true;  // switched on meanwhile
  say("/topic Holidays");
  ASSERT_TRUE(shown(3));
  EXPECT_THAT(telegram.topics, ElementsAre("Holidays"));
}

TEST_F(TopicsTest, ATopicNeedsAName) {
  start();
  say("/topic");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::say(english, "topics.which")));
  EXPECT_THAT(telegram.topics, IsEmpty());
}

TEST_F(TopicsTest, InAGroupOnlyAnOwnerHasATopicMade) {
  settings.allowed = {43};
  telegram.has_topics = false;  // threaded mode is about private chats
  start();
  say_in_group("/topic Holidays", 43);
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::say(english, "topics.owners_only")));
  EXPECT_THAT(telegram.topics, IsEmpty());

  say_in_group("/topic Holidays");
  ASSERT_TRUE(shown(3));
  EXPECT_THAT(telegram.topics, ElementsAre("Holidays"));
}

TEST_F(TopicsTest, AGroupThatHasNoTopicsOrGivesNoRightSaysWhatToDo) {
  start();
  telegram.call_faults["createForumTopic"] = {
      {.status = 400, .description = "Bad Request: the chat is not a forum"},
      {.status = 400, .description = "Bad Request: not enough rights to create a topic"}};
  say_in_group("/topic Holidays");
  ASSERT_TRUE(shown(1));
  say_in_group("/topic Holidays");
  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts(), ElementsAre(wording::say(english, "topics.not_forum"),
                                   wording::say(english, "topics.no_right")));
}

TEST_F(TopicsTest, ATopicOfWhichNobodyKnowsIsNotMadeTwice) {
  start();
  telegram.before_topic_answer = [this] { cut(); };
  say("/topic Holidays");
  ASSERT_TRUE(until([&] { return !telegram.topics.empty() && !running; }));
  restart();

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::say(english, "topics.unsure")));
  EXPECT_THAT(telegram.topics, ElementsAre("Holidays"));
}

TEST(TopicNameTest, IsOneLineOfAtMost128Characters) {
  EXPECT_EQ(topic_name("a\tb"), "a b");
  EXPECT_EQ(topic_name(std::string(128, 'x')), std::string(128, 'x'));
  EXPECT_EQ(topic_name(std::string(129, 'x')), std::string(127, 'x') + "…");
}

}  // namespace

}  // namespace butler::gateway::gateway_topics_test
