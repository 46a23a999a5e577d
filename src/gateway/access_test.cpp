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

telegram::Update private_message(std::int64_t from = owner) {
  return {.update_id = 1,
          .kind = "message",
          .message = Message{.message_id = 5,
                             .chat_id = from,
                             .chat_type = ChatType::private_chat,
                             .from = telegram::Person{.id = from, .username = "anna"},
                             .text = "hello"}};
}

telegram::Update group_message(std::int64_t from = owner) {
  auto update = private_message(from);
  update.message->chat_id = -100;
  update.message->chat_type = ChatType::supergroup;
  return update;
}

TEST(AccessTest, AnOwnerIsHeardInAPrivateChatAndInAGroup) {
  EXPECT_EQ(admit(private_message(), rules).speaker, Speaker::owner);
  EXPECT_EQ(admit(group_message(), rules).speaker, Speaker::owner);
}

TEST(AccessTest, AStrangerIsOneInAPrivateChatAndNobodyInAGroup) {
  EXPECT_EQ(admit(private_message(43), rules).speaker, Speaker::stranger);
  EXPECT_EQ(admit(group_message(43), rules).speaker, Speaker::nobody);
}

TEST(AccessTest, WithoutOwnersEverybodyIsAStranger) {
  EXPECT_EQ(admit(private_message(), {}).speaker, Speaker::stranger);
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
  auto update = private_message();
  GetParam().put_on(*update.message);

  const Admission admission = admit(update, rules);

  EXPECT_EQ(admission.speaker, Speaker::nobody);
  EXPECT_FALSE(admission.reason.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, DisguiseTest,
    testing::Values(Disguise{"ABot", [](Message& m) { m.from->is_bot = true; }},
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
