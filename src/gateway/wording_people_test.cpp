#include "gateway/wording_people.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "render/render.hpp"

namespace butler::gateway::wording_people_test {

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr domain::Timestamp now{1'700'000'000'000ms};

TEST(PersonNameTest, SaysWhoItIsAndHidesNothing) {
  EXPECT_EQ(wording::person_name(wording::Language::en, {.id = 7, .username = "anna", .first_name = "Anna"}),
            "Anna (@anna, id 7)");
  EXPECT_EQ(wording::person_name(wording::Language::en, {.id = 7}), "Somebody (id 7)");
  EXPECT_EQ(wording::person_name(wording::Language::en, {.id = 7, .first_name = "A\u202Enna\n/approve 1"}),
            "A⟨U+202E⟩nna /approve 1 (id 7)");
}

TEST(PersonNameTest, IsNeverLong) {
  EXPECT_LT(
      wording::person_name(wording::Language::en, {.id = 7, .first_name = std::string(5'000, 'x')}).size(),
      100U);
}

TEST(PairingRequestTest, HoldsTheCodeTheCommandAndTheLink) {
  const auto text = wording::pairing_request(wording::Language::en, {.id = 7, .first_name = "Anna"},
                                             "K7QM-2XWP", "butler_bot");
  EXPECT_THAT(text, AllOf(HasSubstr("Anna (id 7)"), HasSubstr("/approvepair K7QM-2XWP"),
                          HasSubstr("https://t.me/butler_bot?start=K7QM-2XWP"), Not(HasSubstr("Careful"))));
}

TEST(PairingRequestTest, WarnsOfAnImitatedName) {
  EXPECT_THAT(wording::pairing_request(wording::Language::en, {.id = 7, .first_name = "Pаul"}, "K7QM-2XWP",
                                       "butler_bot"),
              HasSubstr("Careful"));
}

TEST(PairingsTest, ListWhoWaitsAndWhoIsIn) {
  const std::vector<PairingCode> codes{{.code = "AAAA-AAAA",
                                        .asked_by = telegram::Person{.id = 7, .first_name = "Anna"},
                                        .created_at = now - 5min},
                                       {.code = "BBBB-BBBB", .invited_by = 42, .created_at = now - 1min}};
  const std::vector<PairedPerson> people{
      {.person = {.id = 8, .first_name = "Bob"}, .paired_by = 42, .since = now - 2h}};

  const auto text = wording::pairings(wording::Language::en, codes, people, now);

  EXPECT_THAT(text, AllOf(HasSubstr("Anna (id 7) · for 5 min · /approvepair AAAA-AAAA"),
                          HasSubstr("BBBB-BBBB · invitation for one person, made 1 min ago"),
                          HasSubstr("Bob (id 8) · for 2 h, by 42 · /unpair 8")));
  EXPECT_THAT(wording::pairings(wording::Language::en, {}, {}, now),
              AllOf(HasSubstr("Nobody is waiting"), HasSubstr("Nobody is paired")));
}

TEST(TooFastTest, SaysTheSecondsRoundedUp) {
  EXPECT_THAT(wording::too_fast(wording::Language::en, 1'001ms), HasSubstr("in 2 s"));
  EXPECT_THAT(wording::too_fast(wording::Language::en, -5s), HasSubstr("in 1 s"));
}

TEST(ApprovalRequestTest, ANameCannotPassForMarkdownOrForTheCommand) {
  const auto parts = render::render_markdown(wording::approval_request_of(
      wording::Language::en, "[`x`](https://evil.example) **Bob** (id 7)", "rm -rf /", "a1b2c3"));

  ASSERT_EQ(parts.size(), 1U);
  EXPECT_THAT(parts[0].text, HasSubstr("[`x`](https://evil.example) **Bob** (id 7) wants to run a command."));
  EXPECT_THAT(parts[0].text, HasSubstr("/approve a1b2c3"));
  for (const auto& entity : parts[0].entities) {
    EXPECT_TRUE(entity.type == "code" || entity.type == "pre") << entity.type;
  }
}

}  // namespace

}  // namespace butler::gateway::wording_people_test
