#include "gateway/address.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "domain/utf8.hpp"

namespace butler::gateway::address_test {

namespace {

using domain::ChatCommand;
using domain::StatusCommand;
using domain::TaskCommand;
using domain::UnknownCommand;
using telegram::ChatType;
using telegram::Content;
using telegram::Entity;
using telegram::Message;

const telegram::Bot bot{.id = 77, .username = "Butler_bot"};

/// Marks every "@name" of a text as Telegram does.
std::vector<Entity> marked_mentions(const std::string& text) {
  std::vector<Entity> found;
  for (auto at = text.find('@'); at != std::string::npos; at = text.find('@', at + 1)) {
    const auto end = std::min(text.find_first_of(" ,:;.'!?\n", at), text.size());
    found.push_back({.type = "mention",
                     .offset = static_cast<std::int64_t>(domain::count_utf16_units(text.substr(0, at))),
                     .length = static_cast<std::int64_t>(end - at)});
  }
  return found;
}

Message in_group(const std::string& text) {
  return {.message_id = 5,
          .chat_id = -100,
          .chat_type = ChatType::supergroup,
          .from = telegram::Person{.id = 42},
          .text = text,
          .entities = marked_mentions(text)};
}

struct Case {
  std::string text;
  std::optional<ChatCommand> command;  ///< nullopt: not for us
};

std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.text; }

class GroupTextTest : public testing::TestWithParam<Case> {};

TEST_P(GroupTextTest, IsHeardOrNot) {
  const auto said = understand(in_group(GetParam().text), bot);
  ASSERT_EQ(said.has_value(), GetParam().command.has_value());
  if (said) EXPECT_EQ(said->command, *GetParam().command);
}

const std::vector<Case> cases{
    {"good morning everybody", std::nullopt},
    {"@Butler_bot count the files", TaskCommand{"count the files"}},
    {"@butler_BOT, count the files", TaskCommand{"count the files"}},
    {"count the files @butler_bot", TaskCommand{"count the files"}},
    {"count @butler_bot the files", TaskCommand{"count the files"}},
    {"count\n@butler_bot\nthe files", TaskCommand{"count\nthe files"}},
    {"😀😀 @butler_bot 👨‍👩‍👧 hello", TaskCommand{"😀😀 👨‍👩‍👧 hello"}},
    {"@butler_bot @butler_bot: twice", TaskCommand{"twice"}},
    {"@butler_bot ask @bob_smith too", TaskCommand{"ask @bob_smith too"}},
    {"@butler_bot", TaskCommand{""}},
    {"@butler_bot /status", StatusCommand{""}},
    {"@butler_bots are nice", std::nullopt},
    {"@other_bot do it", std::nullopt},
    {"/status", StatusCommand{""}},
    {"/status@butler_bot", StatusCommand{""}},
    {"/status@other_bot", std::nullopt},
    {"/status@other_bot @butler_bot", std::nullopt},
    {"@butler_bot /status@other_bot", std::nullopt},
    {"/weather", std::nullopt},
    {"/weather@butler_bot", UnknownCommand{"weather", std::nullopt}},
    {"/task ask @butler_bot why", TaskCommand{"ask @butler_bot why"}},
};

INSTANTIATE_TEST_SUITE_P(Table, GroupTextTest, testing::ValuesIn(cases));

TEST(AddressTest, InAPrivateChatEverythingIsForUs) {
  Message message = in_group("good morning @butler_bot");
  message.chat_type = ChatType::private_chat;
  EXPECT_EQ(understand(message, bot).value().command, ChatCommand{TaskCommand{"good morning @butler_bot"}});
  message.text = "/status@other_bot";
  EXPECT_FALSE(understand(message, bot));
}

TEST(AddressTest, AMentionByNameIsOneOfThePersonItMeans) {
  Message message = in_group("Butler do it");
  message.entities = {{.type = "text_mention", .offset = 0, .length = 6, .user_id = 77}};
  EXPECT_EQ(understand(message, bot).value().command, ChatCommand{TaskCommand{"do it"}});
  message.entities[0].user_id = 78;
  EXPECT_FALSE(understand(message, bot));
}

TEST(AddressTest, AnEntityThatLiesOutsideTheTextOrInsideACharacterIsNone) {
  Message message = in_group("😀 hi");
  for (const Entity& wrong :
       std::vector<Entity>{{.type = "text_mention", .offset = 1, .length = 2, .user_id = 77},
                           {.type = "text_mention", .offset = 0, .length = 99, .user_id = 77},
                           {.type = "text_mention", .offset = -1, .length = 1, .user_id = 77},
                           {.type = "text_mention", .offset = 9'000'000'000, .length = 1, .user_id = 77}}) {
    message.entities = {wrong};
    EXPECT_FALSE(understand(message, bot));
  }
}

TEST(AddressTest, AReplyToTheBotIsForUsAndOneToSomebodyElseIsNot) {
  Message message = in_group("and why?");
  message.reply_to = telegram::RepliedMessage{.message_id = 4, .from = telegram::Person{.id = 77}};
  EXPECT_EQ(understand(message, bot).value().command, ChatCommand{TaskCommand{"and why?"}});
  message.reply_to->from->id = 43;
  EXPECT_FALSE(understand(message, bot));
}

TEST(AddressTest, AMessageInATopicThatTheBotOpenedIsNoReplyToIt) {
  Message message = in_group("chatting among us");
  message.thread_id = 4;
  message.reply_to = telegram::RepliedMessage{
      .message_id = 4, .from = telegram::Person{.id = 77}, .content = Content::service};
  EXPECT_FALSE(understand(message, bot));
}

TEST(AddressTest, AMediaMessageIsForUsByItsCaption) {
  Message message = in_group("");
  message.content = Content::media;
  EXPECT_FALSE(understand(message, bot));
  message.caption = "@butler_bot what is this?";
  message.entities = marked_mentions(message.caption);
  EXPECT_TRUE(understand(message, bot));
}

}  // namespace

}  // namespace butler::gateway::address_test
