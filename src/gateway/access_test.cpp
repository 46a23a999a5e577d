#include "gateway/access.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>

namespace butler::gateway {

namespace {

using telegram::ChatType;
using telegram::Message;

constexpr std::int64_t owner = 42;
const AccessRules rules{.owners = {7, owner}};

Message private_message(std::int64_t from = owner) {
  return {.message_id = 5,
          .chat_id = from,
          .chat_type = ChatType::private_chat,
          .from = telegram::Person{.id = from, .username = "anna"},
          .text = "hello"};
}

Message group_message(std::int64_t from = owner) {
  Message message = private_message(from);
  message.chat_id = -100;
  message.chat_type = ChatType::supergroup;
  return message;
}

Admission admitted(Message message, const AccessRules& by = rules) {
  return admit({.update_id = 1, .kind = "message", .message = std::move(message)}, by);
}

TEST(AccessTest, AnOwnerIsHeardInAPrivateChatAndInAGroup) {
  EXPECT_EQ(admitted(private_message()).speaker, Speaker::owner);
  EXPECT_EQ(admitted(group_message()).speaker, Speaker::owner);
}

TEST(AccessTest, AStrangerIsOneInAPrivateChatAndNobodyInAGroup) {
  EXPECT_EQ(admitted(private_message(43)).speaker, Speaker::stranger);
  EXPECT_EQ(admitted(group_message(43)).speaker, Speaker::nobody);
}

TEST(AccessTest, WithoutOwnersEverybodyIsAStranger) {
  EXPECT_EQ(admitted(private_message(), {}).speaker, Speaker::stranger);
}

TEST(AccessTest, AnythingButAMessageIsNobody) {
  EXPECT_EQ(admit({.update_id = 1, .kind = "edited_message"}, rules).speaker, Speaker::nobody);
}

struct Disguise {
  std::string name;
  std::function<void(Message&)> put_on;
};

std::ostream& operator<<(std::ostream& out, const Disguise& disguise) { return out << disguise.name; }

class DisguiseTest : public testing::TestWithParam<Disguise> {};

TEST_P(DisguiseTest, IsNobodyEvenWithTheOwnersId) {
  Message message = private_message();
  GetParam().put_on(message);

  const Admission admission = admitted(std::move(message));

  EXPECT_EQ(admission.speaker, Speaker::nobody);
  EXPECT_FALSE(admission.reason.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, DisguiseTest,
    testing::Values(Disguise{"ABot",
                             [](Message& m) { m.from = telegram::Person{.id = owner, .is_bot = true}; }},
                    Disguise{"NobodyInFrom", [](Message& m) { m.from.reset(); }},
                    Disguise{"AnAnonymousAdmin", [](Message& m) { m.sender_chat = true; }},
                    Disguise{"AnInlineBot", [](Message& m) { m.via_bot = true; }},
                    Disguise{"AGuestOrBusinessMessage", [](Message& m) { m.foreign_chat = true; }},
                    Disguise{"AnAutomaticForward", [](Message& m) { m.automatic_forward = true; }},
                    Disguise{"AChannelPost", [](Message& m) { m.chat_type = ChatType::channel; }},
                    Disguise{"AChatOfUnknownType", [](Message& m) { m.chat_type = ChatType::unknown; }},
                    Disguise{"AServiceMessage", [](Message& m) { m.content = telegram::Content::service; }},
                    Disguise{"ThePrivateChatOfSomebodyElse", [](Message& m) { m.chat_id = 43; }}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace

}  // namespace butler::gateway
