#include "gateway/access.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>

namespace butler::gateway::access_test {

namespace {

using telegram::ChatType;
using telegram::Message;

constexpr std::int64_t owner = 42;
constexpr std::int64_t allowed = 50;
constexpr std::int64_t paired = 60;
constexpr std::int64_t stranger = 43;
const AccessRules rules{.owners = {7, owner}, .allowed = {allowed, owner}};

std::optional<domain::Role> known(std::int64_t person_id) {
  return role_of(person_id, rules, person_id == paired || person_id == 7);
}

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

Admission admitted(Message message) {
  return admit({.update_id = 1, .kind = "message", .message = std::move(message)}, known);
}

TEST(RoleTest, TheConfigurationsWordGoesFirst) {
  EXPECT_EQ(role_of(owner, rules, false), domain::Role::owner);
  EXPECT_EQ(role_of(7, rules, true), domain::Role::owner) << "paired, and an owner all the same";
  EXPECT_EQ(role_of(allowed, rules, false), domain::Role::person);
  EXPECT_EQ(role_of(paired, rules, true), domain::Role::person);
  EXPECT_EQ(role_of(stranger, rules, false), std::nullopt);
}

TEST(RoleTest, AnEmptyConfigurationLetsNobodyIn) {
  EXPECT_EQ(role_of(owner, {}, false), std::nullopt);
  EXPECT_EQ(role_of(0, {}, false), std::nullopt);
}

TEST(RoleTest, AnOwnerTakenOutOfTheConfigurationIsNobodyUnlessPaired) {
  const AccessRules without{.owners = {7}};
  EXPECT_EQ(role_of(owner, without, false), std::nullopt);
  EXPECT_EQ(role_of(owner, without, true), domain::Role::person);
}

struct Place {
  std::string name;
  std::int64_t person;
  Speaker in_private;
  Speaker in_group;
};

std::ostream& operator<<(std::ostream& out, const Place& place) { return out << place.name; }

class SpeakerTest : public testing::TestWithParam<Place> {};

TEST_P(SpeakerTest, IsWhoTheyAreInAPrivateChatAndInAGroup) {
  EXPECT_EQ(admitted(private_message(GetParam().person)).speaker, GetParam().in_private);
  EXPECT_EQ(admitted(group_message(GetParam().person)).speaker, GetParam().in_group);
}

INSTANTIATE_TEST_SUITE_P(Table, SpeakerTest,
                         testing::Values(Place{"AnOwner", owner, Speaker::owner, Speaker::owner},
                                         Place{"SomebodyAllowed", allowed, Speaker::person, Speaker::person},
                                         Place{"SomebodyPaired", paired, Speaker::person, Speaker::person},
                                         Place{"AStranger", stranger, Speaker::stranger, Speaker::nobody}),
                         [](const auto& instance) { return instance.param.name; });

TEST(AccessTest, AUsernameIsNoIdentity) {
  Message message = private_message(stranger);
  message.from->username = "the_owners_name";
  EXPECT_EQ(admitted(std::move(message)).speaker, Speaker::stranger);
}

TEST(AccessTest, AnythingButAMessageIsNobody) {
  for (const char* kind :
       {"edited_message", "guest_message", "business_message", "channel_post", "widget_query", ""}) {
    EXPECT_EQ(admit({.update_id = 1, .kind = kind}, known).speaker, Speaker::nobody) << kind;
  }
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

}  // namespace butler::gateway::access_test
