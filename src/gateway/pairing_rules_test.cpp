#include "gateway/pairing_rules.hpp"

#include <gtest/gtest.h>

#include <ostream>

#include "gateway/store_test_support.hpp"

namespace butler::gateway::pairing_rules_test {

namespace {

using namespace std::chrono_literals;
using domain::Role;

constexpr domain::Timestamp now{1'700'000'000'000ms};
constexpr std::int64_t owner = 42;
constexpr std::int64_t anna = 7;
constexpr std::int64_t bob = 8;
const PairingLimits limits{};

PairingCode asked(std::string code, std::int64_t person, domain::Timestamp expires_at = now + 1h) {
  return {.code = std::move(code), .asked_by = telegram::Person{.id = person}, .expires_at = expires_at};
}

PairingCode invitation(std::string code, domain::Timestamp expires_at = now + 1h) {
  return {.code = std::move(code), .invited_by = owner, .expires_at = expires_at};
}

// Who gets a code.

struct Arrival {
  std::string name;
  bool asks;
  std::size_t own;     ///< codes that the stranger has
  std::size_t others;  ///< codes of others
  Welcome welcome;
};

std::ostream& operator<<(std::ostream& out, const Arrival& arrival) { return out << arrival.name; }

class WelcomeTest : public testing::TestWithParam<Arrival> {};

TEST_P(WelcomeTest, IsAsTheTableSays) {
  std::vector<PairingCode> codes;
  for (std::size_t i = 0; i < GetParam().own; ++i) codes.push_back(asked("own", anna));
  for (std::size_t i = 0; i < GetParam().others; ++i) codes.push_back(asked("other", bob));
  for (int i = 0; i < 30; ++i) codes.push_back(invitation("invitation"));  // count for nothing here

  EXPECT_EQ(welcome_stranger(anna, GetParam().asks, codes, limits), GetParam().welcome);
}

INSTANTIATE_TEST_SUITE_P(
    Table, WelcomeTest,
    testing::Values(Arrival{"TheFirstMessageGetsACode", false, 0, 0, Welcome::a_code},
                    Arrival{"SoDoesStart", true, 0, 0, Welcome::a_code},
                    Arrival{"AnotherMessageGetsNothing", false, 1, 0, Welcome::silence},
                    Arrival{"StartGetsASecondOne", true, 1, 0, Welcome::a_code},
                    Arrival{"AndAThird", true, 2, 0, Welcome::a_code},
                    Arrival{"ButNoFourth", true, 3, 0, Welcome::silence},
                    Arrival{"TheTwentiethInAllGetsACode", false, 0, 19, Welcome::a_code},
                    Arrival{"TheNextHearsThatWeAreFull", false, 0, 20, Welcome::word_that_we_are_full},
                    Arrival{"WhoeverHasACodeHearsNothingOfThat", false, 1, 20, Welcome::silence}),
    [](const auto& instance) { return instance.param.name; });

TEST(InvitationTest, ThereAreAtMostTwentyAtATime) {
  std::vector<PairingCode> codes(30, asked("asked", anna));
  for (int i = 0; i < 19; ++i) codes.push_back(invitation("invitation"));
  EXPECT_TRUE(may_invite(codes, limits));
  codes.push_back(invitation("invitation"));
  EXPECT_FALSE(may_invite(codes, limits));
}

// What a code does.

const std::vector<PairingCode> on_record{asked("AAAA-AAAA", anna), invitation("BBBB-BBBB"),
                                         asked("CCCC-CCCC", anna, now), invitation("DDDD-DDDD", now - 1ms),
                                         asked("EEEE-EEEE", anna, now + 1ms)};

struct Attempt {
  std::string name;
  std::optional<std::string> typed;
  Presenter presenter;
  CodeVerdict verdict;
  WrongCodes wrong = {};
};

std::ostream& operator<<(std::ostream& out, const Attempt& attempt) { return out << attempt.name; }

class CodeTest : public testing::TestWithParam<Attempt> {};

TEST_P(CodeTest, IsDecidedAsTheTableSays) {
  const Attempt& attempt = GetParam();
  const auto decision = decide_code(attempt.typed, on_record, attempt.presenter, attempt.wrong, now, limits);

  EXPECT_EQ(decision.verdict, attempt.verdict);
  const bool meant =
      attempt.verdict == CodeVerdict::lets_in_asker || attempt.verdict == CodeVerdict::lets_in_presenter ||
      attempt.verdict == CodeVerdict::needs_owner || attempt.verdict == CodeVerdict::is_for_others;
  ASSERT_EQ(decision.code != nullptr, meant);
  if (meant) {
    EXPECT_EQ(decision.code->code, attempt.typed);
  }
}

const Presenter by_owner{owner, Role::owner};
const Presenter by_person{owner, Role::person};
const Presenter by_asker{anna};
const Presenter by_stranger{bob};

const std::vector<Attempt> attempts{
    {"AnOwnerLetsTheAskerIn", "AAAA-AAAA", by_owner, CodeVerdict::lets_in_asker},
    {"TheAskerCannotApproveThemselves", "AAAA-AAAA", by_asker, CodeVerdict::needs_owner},
    {"AnotherStrangersCodeIsAsGoodAsNone", "AAAA-AAAA", by_stranger, CodeVerdict::wrong},
    {"APersonCannotApprove", "AAAA-AAAA", by_person, CodeVerdict::wrong},
    {"AStrangerIsLetInByAnInvitation", "BBBB-BBBB", by_stranger, CodeVerdict::lets_in_presenter},
    {"AnOwnerDoesNotUseUpAnInvitation", "BBBB-BBBB", by_owner, CodeVerdict::is_for_others},
    {"NorDoesAPerson", "BBBB-BBBB", by_person, CodeVerdict::is_for_others},
    {"ACodeThatEndsNowHasEnded", "CCCC-CCCC", by_owner, CodeVerdict::wrong},
    {"AnInvitationThatEndedIsWrong", "DDDD-DDDD", by_stranger, CodeVerdict::wrong},
    {"ACodeIsGoodToItsLastMillisecond", "EEEE-EEEE", by_owner, CodeVerdict::lets_in_asker},
    {"AnUnknownCodeIsWrong", "ZZZZ-ZZZZ", by_owner, CodeVerdict::wrong},
    {"WhatCannotBeACodeIsWrong", std::nullopt, by_owner, CodeVerdict::wrong},
    {"TheFifthTryStillCounts", "BBBB-BBBB", by_stranger, CodeVerdict::lets_in_presenter, {4, 4}},
    {"AfterFiveWrongOnesEvenAGoodOneIsNotLookedAt", "BBBB-BBBB", by_stranger, CodeVerdict::too_many, {5, 5}},
    {"ThatIsSaidOnce", "BBBB-BBBB", by_stranger, CodeVerdict::ignored, {6, 6}},
    {"OwnersAreLimitedToo", "AAAA-AAAA", by_owner, CodeVerdict::too_many, {5, 5}},
    {"ManyGuessersTogetherAreStopped", "BBBB-BBBB", by_stranger, CodeVerdict::too_many, {0, 50}},
    {"WhichDoesNotKeepAnOwnerFromApproving", "AAAA-AAAA", by_owner, CodeVerdict::lets_in_asker, {0, 50}},
};

INSTANTIATE_TEST_SUITE_P(Table, CodeTest, testing::ValuesIn(attempts),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace

}  // namespace butler::gateway::pairing_rules_test
