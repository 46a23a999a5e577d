#include "telegram/update.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace butler::telegram::update_test {

namespace {

Message message_of(std::string_view inside) {
  auto update = decode_update(R"({"update_id":5,"message":{"message_id":7,"date":1700000000,)" +
                              std::string{inside} + "}}");
  if (!update || !update->message) throw std::runtime_error("no message");
  return *std::move(update->message);
}

constexpr std::string_view from_anna =
    R"("chat":{"id":42,"type":"private"},"from":{"id":42,"is_bot":false,"first_name":"Anna","username":"anna"})";

TEST(UpdateTest, ATextMessageIsRead) {
  const Message message = message_of(std::string{from_anna} + R"(,"text":"hello 😀")");

  EXPECT_EQ(message.message_id, 7);
  EXPECT_EQ(message.date, 1'700'000'000);
  EXPECT_EQ(message.chat_id, 42);
  EXPECT_EQ(message.chat_type, ChatType::private_chat);
  const Person from = message.from.value_or(Person{});
  EXPECT_EQ(from.id, 42);
  EXPECT_EQ(from.first_name, "Anna");
  EXPECT_EQ(message.text, "hello 😀");
  EXPECT_EQ(message.content, Content::text);
  EXPECT_FALSE(message.thread_id);
  EXPECT_FALSE(message.sender_chat || message.via_bot || message.foreign_chat || message.automatic_forward ||
               message.forwarded);
}

TEST(UpdateTest, AThreadCountsOnlyAsATopic) {
  EXPECT_EQ(
      message_of(R"("chat":{"id":-100,"type":"supergroup"},"message_thread_id":9,"is_topic_message":true)")
          .thread_id,
      9);
  EXPECT_FALSE(message_of(R"("chat":{"id":-100,"type":"supergroup"},"message_thread_id":9)").thread_id);
}

TEST(UpdateTest, TheGeneralTopicIsTheChatItself) {
  EXPECT_FALSE(
      message_of(R"("chat":{"id":-100,"type":"supergroup"},"message_thread_id":1,"is_topic_message":true)")
          .thread_id);
  EXPECT_EQ(message_of(R"("chat":{"id":42,"type":"private"},"message_thread_id":1,"is_topic_message":true)")
                .thread_id,
            1);
}

TEST(UpdateTest, EntitiesAreThoseOfTheTextOrOfTheCaption) {
  const Message text = message_of(
      std::string{from_anna} + R"(,"text":"hi @bot","entities":[{"type":"mention","offset":3,"length":4},)"
                               R"({"type":"text_mention","offset":0,"length":2,"user":{"id":77}},"junk"])");
  ASSERT_EQ(text.entities.size(), 3U);
  EXPECT_EQ(text.entities[0].type, "mention");
  EXPECT_EQ(text.entities[0].offset, 3);
  EXPECT_EQ(text.entities[0].length, 4);
  EXPECT_EQ(text.entities[1].user_id, 77);

  const Message photo = message_of(
      std::string{from_anna} +
      R"(,"photo":[{}],"caption":"@bot","caption_entities":[{"type":"mention","offset":0,"length":4}])");
  EXPECT_EQ(photo.caption, "@bot");
  EXPECT_EQ(photo.text, "");
  ASSERT_EQ(photo.entities.size(), 1U);
}

TEST(UpdateTest, WhatAMessageRepliesToIsRead) {
  const Message message = message_of(
      std::string{from_anna} +
      R"(,"text":"why?","quote":{"text":"part"},"reply_to_message":{"message_id":3,"from":{"id":9,)"
      R"("is_bot":true,"first_name":"Bot"},"caption":"the whole","photo":[{}]})");

  const RepliedMessage replied = message.reply_to.value_or(RepliedMessage{});
  EXPECT_EQ(replied.message_id, 3);
  EXPECT_EQ(replied.from.value_or(Person{}).id, 9);
  EXPECT_EQ(replied.text, "the whole");
  EXPECT_EQ(replied.content, Content::media);
  EXPECT_EQ(message.quote, "part");
  EXPECT_FALSE(message_of(std::string{from_anna} + R"(,"text":"x","reply_to_message":{})").reply_to);
}

TEST(UpdateTest, WhereTheSpeakerIsNotThePersonIsMarked) {
  const std::string base{from_anna};
  EXPECT_TRUE(message_of(base + R"(,"text":"x","sender_chat":{"id":-1})").sender_chat);
  EXPECT_TRUE(message_of(base + R"(,"text":"x","via_bot":{"id":3})").via_bot);
  EXPECT_TRUE(message_of(base + R"(,"text":"x","guest_query_id":"q")").foreign_chat);
  EXPECT_TRUE(message_of(base + R"(,"text":"x","business_connection_id":"b")").foreign_chat);
  EXPECT_TRUE(message_of(base + R"(,"text":"x","is_automatic_forward":true)").automatic_forward);
  EXPECT_TRUE(message_of(base + R"(,"text":"x","forward_origin":{"type":"user"})").forwarded);
}

TEST(UpdateTest, WhatWasSaidWithoutTextIsToldFromWhatHappened) {
  EXPECT_EQ(message_of(std::string{from_anna} + R"(,"photo":[{}])").content, Content::media);
  EXPECT_EQ(message_of(std::string{from_anna} + R"(,"pinned_message":{})").content, Content::service);
}

TEST(UpdateTest, AnEditedMessageIsTheWholeMessageAndNotTakenForANewOne) {
  const auto update = decode_update(
      R"({"update_id":5,"edited_message":{"message_id":1,"chat":{"id":42,"type":"private"},"from":{"id":42},"text":"x"}})");

  ASSERT_TRUE(update && update->edited);
  EXPECT_EQ(update->edited->text, "x");
  EXPECT_FALSE(update->message);
  EXPECT_FALSE(decode_update(R"({"update_id":5,"edited_message":{"message_id":1}})"));
}

TEST(UpdateTest, AnUnknownKindIsNamedAndHasNoMessage) {
  const auto update = decode_update(R"({"update_id":5,"widget_query":{"id":1}})");

  ASSERT_TRUE(update);
  EXPECT_EQ(update->update_id, 5);
  EXPECT_EQ(update->kind, "widget_query");
  EXPECT_FALSE(update->message);
}

TEST(UpdateTest, AGuestMessageIsNoMessage) {
  const auto update = decode_update(
      R"({"update_id":5,"guest_message":{"message_id":1,"chat":{"id":42,"type":"private"},"from":{"id":42},"text":"x"}})");

  ASSERT_TRUE(update);
  EXPECT_FALSE(update->message);
}

TEST(UpdateTest, ABrokenUpdateIsASentence) {
  EXPECT_FALSE(decode_update("{"));
  EXPECT_FALSE(decode_update("[]"));
  EXPECT_FALSE(decode_update(R"({"update_id":5,"message":"text"})"));
  EXPECT_FALSE(decode_update(R"({"update_id":5,"message":{"message_id":"seven","chat":42}})"));
}

TEST(UpdateTest, ACallbackQueryBringsItsMessage) {
  const auto update = decode_update(
      R"({"update_id":5,"callback_query":{"id":"77","from":{"id":42,"first_name":"Anna"},"chat_instance":"1",)"
      R"("data":"token","message":{"message_id":7,"date":1700000000,"chat":{"id":-100,"type":"supergroup"},)"
      R"("message_thread_id":9,"is_topic_message":true,"text":"?"}}})");
  ASSERT_TRUE(update && update->callback);
  EXPECT_EQ(update->kind, "callback_query");
  EXPECT_FALSE(update->message) << "it is nothing that was said";
  EXPECT_EQ(update->callback->id, "77");
  EXPECT_EQ(update->callback->from.value_or(Person{}).id, 42);
  EXPECT_EQ(update->callback->data, "token");
  EXPECT_TRUE(update->callback->accessible);
  const Message message = update->callback->message.value_or(Message{});
  EXPECT_EQ(message.message_id, 7);
  EXPECT_EQ(message.chat_id, -100);
  EXPECT_EQ(message.thread_id, 9);
}

TEST(UpdateTest, TheMessageOfACallbackQueryMayBeInaccessibleOrMissing) {
  const auto inaccessible = decode_update(
      R"({"update_id":5,"callback_query":{"id":"77","from":{"id":42},"message":{"message_id":7,"date":0,)"
      R"("chat":{"id":42,"type":"private"}}}})");
  ASSERT_TRUE(inaccessible && inaccessible->callback && inaccessible->callback->message);
  EXPECT_FALSE(inaccessible->callback->accessible);
  EXPECT_EQ(inaccessible->callback->message->message_id, 7);
  const auto missing = decode_update(
      R"({"update_id":5,"callback_query":{"id":"77","from":{"id":42},"inline_message_id":"x"}})");
  ASSERT_TRUE(missing && missing->callback);
  EXPECT_FALSE(missing->callback->message);
  EXPECT_FALSE(decode_update(R"({"update_id":5,"callback_query":{"from":{"id":42}}})"));
  EXPECT_FALSE(decode_update(R"({"update_id":5,"callback_query":{"id":"77","message":{"chat":{"id":42}}}})"));
}

TEST(UpdateTest, AMembershipSaysWhetherWeMayWrite) {
  const auto may_write = [](const std::string& member) {
    const auto update = decode_update(
        R"({"update_id":1,"my_chat_member":{"chat":{"id":-5},"new_chat_member":)" + member + "}}");
    return update && update->membership && update->membership->chat_id == -5 && update->membership->may_write;
  };
  EXPECT_TRUE(may_write(R"({"status":"member"})"));
  EXPECT_TRUE(may_write(R"({"status":"administrator"})"));
  EXPECT_TRUE(may_write(R"({"status":"restricted","can_send_messages":true})"));
  EXPECT_FALSE(may_write(R"({"status":"restricted"})"));
  EXPECT_FALSE(may_write(R"({"status":"kicked"})"));
  EXPECT_FALSE(may_write(R"({"status":"left"})"));
  EXPECT_FALSE(decode_update(R"({"update_id":1,"my_chat_member":{"chat":{"id":-5}}})"));
}

TEST(UpdateTest, AServiceMessageSaysWhereAGroupWent) {
  const auto update = decode_update(
      R"({"update_id":1,"message":{"message_id":2,"chat":{"id":-5,"type":"group"},"migrate_to_chat_id":-1005}})");
  ASSERT_TRUE(update && update->message);
  EXPECT_EQ(update->message->migrate_to_chat_id, -1005);
  EXPECT_EQ(update->message->content, Content::service);
}

}  // namespace

}  // namespace butler::telegram::update_test
