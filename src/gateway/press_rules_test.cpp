#include "gateway/press_rules.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "gateway/describe.hpp"

namespace butler::gateway::press_rules_test {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t owner = 42;
constexpr std::int64_t anna = 7;
constexpr std::int64_t group = -100;
const domain::Timestamp now{1'700'000'000'000ms};

/// An owner presses Approve under the message 5 in topic 3 of a group, where it was put for Anna's job.
PressFacts good_press() {
  PressFacts facts{.message = telegram::Message{.message_id = 5,
                                                .date = 1'700'000'000,
                                                .chat_id = group,
                                                .chat_type = telegram::ChatType::supergroup,
                                                .thread_id = 3}};
  facts.chat_id = group;
  facts.person_id = owner;
  facts.role = domain::Role::owner;
  facts.button = ButtonRow{.token = "t", .button = {.action = ButtonAction::approve_job, .subject = "job"}};
  facts.keyboard =
      KeyboardRow{.id = 1,
                  .audience = {.lane = {.chat_id = group, .thread_id = 3}, .expires_at = now + 1s},
                  .message_id = 5};
  facts.requester_id = anna;
  return facts;
}

struct Case {
  std::string name;
  std::function<void(PressFacts&)> change;
  PressVerdict verdict;
};

void as_anna(PressFacts& facts) {
  facts.person_id = anna;
  facts.role = domain::Role::person;
}

const std::vector<Case> cases{
    {"as it should be", [](auto&) {}, PressVerdict::taken},
    {"a stranger", [](auto& facts) { facts.role.reset(); }, PressVerdict::stranger},
    {"a token that is none", [](auto& facts) { facts.button.reset(); }, PressVerdict::unknown},
    {"a keyboard that is gone", [](auto& facts) { facts.keyboard.reset(); }, PressVerdict::unknown},
    {"under no message", [](auto& facts) { facts.message.reset(); }, PressVerdict::unknown},
    {"in another chat", [](auto& facts) { facts.chat_id = -101; }, PressVerdict::elsewhere},
    {"in another topic", [](auto& facts) { facts.message->thread_id = 4; }, PressVerdict::elsewhere},
    {"outside of its topic", [](auto& facts) { facts.message->thread_id.reset(); }, PressVerdict::elsewhere},
    {"under another message", [](auto& facts) { facts.message->message_id = 6; }, PressVerdict::elsewhere},
    {"in a foreign chat", [](auto& facts) { facts.message->foreign_chat = true; }, PressVerdict::elsewhere},
    {"before we know the message", [](auto& facts) { facts.keyboard->message_id.reset(); },
     PressVerdict::taken},
    {"under a message that is not accessible",
     [](auto& facts) {
       facts.accessible = false;
       facts.message->thread_id.reset();
     },
     PressVerdict::taken},
    {"under a message that is neither accessible nor known",
     [](auto& facts) {
       facts.accessible = false;
       facts.keyboard->message_id.reset();
     },
     PressVerdict::elsewhere},
    {"for somebody else", [](auto& facts) { facts.keyboard->audience.person_id = anna; },
     PressVerdict::not_theirs},
    {"for the one who presses", [](auto& facts) { facts.keyboard->audience.person_id = owner; },
     PressVerdict::taken},
    {"an approval by a person", as_anna, PressVerdict::owners_only},
    {"the stop of their own job",
     [](auto& facts) {
       as_anna(facts);
       facts.button->button.action = ButtonAction::stop;
     },
     PressVerdict::taken},
    {"the stop of somebody else's job",
     [](auto& facts) {
       as_anna(facts);
       facts.button->button.action = ButtonAction::stop;
       facts.requester_id = 8;
     },
     PressVerdict::not_theirs},
    {"the stop of a job that nobody knows",
     [](auto& facts) {
       as_anna(facts);
       facts.button->button.action = ButtonAction::stop;
       facts.requester_id.reset();
     },
     PressVerdict::not_theirs},
    {"the state of a chat, by a person",
     [](auto& facts) {
       as_anna(facts);
       facts.button->button = {.action = ButtonAction::status, .subject = ""};
     },
     PressVerdict::taken},
    {"a setting, by a person",
     [](auto& facts) {
       as_anna(facts);
       facts.button->button = {.action = ButtonAction::setting, .subject = "mode=draft"};
     },
     PressVerdict::taken},
    {"a pairing in a group", [](auto& facts) { facts.button->button.action = ButtonAction::pair; },
     PressVerdict::in_private_only},
    {"too late", [](auto& facts) { facts.keyboard->audience.expires_at = now; }, PressVerdict::expired},
    {"without a time", [](auto& facts) { facts.keyboard->audience.expires_at.reset(); }, PressVerdict::taken},
    {"a second time", [](auto& facts) { facts.button->used = true; }, PressVerdict::over},
    {"after the decision", [](auto& facts) { facts.keyboard->outcome = "Approved"; }, PressVerdict::over},
    {"while somebody else decides", [](auto& facts) { facts.pressed_before = true; }, PressVerdict::busy},
};

TEST(PressRulesTest, APressIsJudgedByWhoWhereAndWhen) {
  for (const Case& one : cases) {
    PressFacts facts = good_press();
    one.change(facts);
    EXPECT_EQ(judge_press(facts, {}, now), one.verdict) << one.name;
  }
}

TEST(PressRulesTest, TheRulesAreThoseOfTheCommands) {
  PressFacts facts = good_press();
  as_anna(facts);
  EXPECT_EQ(judge_press(facts, {.approve_owner_only = false}, now), PressVerdict::taken);
  facts.button->button.action = ButtonAction::stop;
  EXPECT_EQ(judge_press(facts, {.allow_requester_abort = false}, now), PressVerdict::owners_only);
}

TEST(PressRulesTest, EachActionNeedsTheRightOfItsCommand) {
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<ButtonAction>>([](auto one) {
    const auto command = command_of({.action = one.value, .subject = "x"});
    if (command) EXPECT_EQ(action_of(one.value), domain::action_of(*command)) << one.name;
  });
  EXPECT_EQ(action_of(ButtonAction::pair), domain::Action::manage_people);
  EXPECT_EQ(action_of(ButtonAction::refuse_pair), domain::Action::manage_people);
}

TEST(PressRulesTest, WhatExcludesEachOtherIsOneMatter) {
  const auto matter = [](ButtonAction action, std::string subject = "a", std::string token = "t") {
    return matter_of({.action = action, .subject = std::move(subject)}, token);
  };
  using enum ButtonAction;
  EXPECT_EQ(matter(approve_job), matter(deny_job));
  EXPECT_EQ(
      (std::set{matter(allow_once), matter(allow_session), matter(allow_always), matter(deny_tool)}).size(),
      1U);
  EXPECT_EQ(matter(pair), matter(refuse_pair));
  EXPECT_EQ(
      (std::set{matter(approve_job), matter(allow_once), matter(pair), matter(stop), matter(retry)}).size(),
      5U);
  EXPECT_NE(matter(stop, "a"), matter(stop, "b"));
  EXPECT_NE(matter(details, "a", "t"), matter(details, "a", "u"));
}

}  // namespace

}  // namespace butler::gateway::press_rules_test
