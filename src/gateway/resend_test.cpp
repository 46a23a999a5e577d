#include "gateway/resend.hpp"

#include <gtest/gtest.h>

#include "gateway/wording.hpp"
#include "json/value.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway::resend_test {

namespace {

json::Value parsed(const std::string& payload) { return json::parse(payload).value(); }

std::string payload_of(const std::string& text) {
  json::Array entities;
  entities.push_back(json::Object{{"type", "bold"}, {"offset", 0}, {"length", 2}});
  return json::serialize(telegram::message_payload(text, std::move(entities), 7));
}

TEST(ResendTest, WithoutEntitiesTheTextStays) {
  const json::Value plain = parsed(without_entities(payload_of("hi there")));
  EXPECT_EQ(json::find_string(plain, "text"), "hi there");
  EXPECT_EQ(json::find(plain, "entities"), nullptr);
  EXPECT_NE(json::find(plain, "reply_parameters"), nullptr);
}

TEST(ResendTest, OutsideOfItsTopicAnAnswerSaysWhereItBelongsAndItsEntitiesMove) {
  const json::Value marked = parsed(outside_of_topic(wording::Language::en, payload_of("hi there")));
  const std::string mark = wording::topic_gone_mark(wording::Language::en);
  EXPECT_EQ(json::find_string(marked, "text"), mark + "hi there");
  const json::Value& entity = json::find(marked, "entities")->as_array().at(0);
  EXPECT_EQ(json::find_integer(entity, "offset"), static_cast<std::int64_t>(mark.size()));
}

TEST(ResendTest, WithoutReplyTheRestStays) {
  const json::Value message = parsed(without_reply(payload_of("hi there")));
  EXPECT_EQ(json::find(message, "reply_parameters"), nullptr);
  EXPECT_NE(json::find(message, "entities"), nullptr);
}

TEST(ResendTest, ATextWithoutRoomForTheMarkGoesAsItIs) {
  const std::string full = payload_of(std::string(4'090, 'x'));
  EXPECT_EQ(outside_of_topic(wording::Language::en, full), full);
}

TEST(ResendTest, AnUnfitTextBecomesAFileThatStillReplies) {
  const json::Object document = parsed(as_document(wording::Language::en, payload_of("x"))).as_object();
  EXPECT_TRUE(telegram::is_document(document));
  EXPECT_EQ(json::find_string(document.at("document"), "content"), "x");
  EXPECT_TRUE(document.contains("reply_parameters"));
  EXPECT_FALSE(document.contains("text"));
}

}  // namespace

}  // namespace butler::gateway::resend_test
