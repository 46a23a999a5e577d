#include "gateway/pasted_text.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace butler::gateway::pasted_text_test {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr domain::Timestamp start{1'700'000'000'000ms};
constexpr PasteRules rules{};

const std::string full(4'096, 'x');
const std::string tail = "the end";

TextPart part(std::string_view text, milliseconds later = 0ms) {
  return {
      .text = text, .sent = start + std::chrono::floor<std::chrono::seconds>(later), .now = start + later};
}

TEST(PastedTextTest, OnlyALongMessageOpensAText) {
  EXPECT_FALSE(open_text(part("hello"), rules));
  EXPECT_FALSE(open_text(part(std::string(3'999, 'x')), rules));
  const OpenText open = open_text(part(std::string(4'000, 'x')), rules).value();
  EXPECT_EQ(open,
            (OpenText{.due_at = start + 1'500ms, .parts = 1, .part_sent_at = start, .part_units = 4'000}));
  std::string emojis;
  for (int i = 0; i < 2'000; ++i) emojis += "😀";
  EXPECT_TRUE(open_text(part(emojis), rules)) << "clients count UTF-16 units";
}

struct Case {
  std::string name;
  std::int64_t parts;
  milliseconds later;  ///< our clock, after the part before
  milliseconds sent;   ///< Telegram's clock, after the part before
  bool continues;
};

std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.name; }

class ContinuationTest : public testing::TestWithParam<Case> {};

TEST_P(ContinuationTest, IsAsTheTableSays) {
  const OpenText open{
      .due_at = start + 1'500ms, .parts = GetParam().parts, .part_sent_at = start, .part_units = 4'096};
  const TextPart next{.text = tail, .sent = start + GetParam().sent, .now = start + GetParam().later};
  EXPECT_EQ(continues(open, next, rules), GetParam().continues);
}

const std::vector<Case> cases{
    {"AtOnce", 1, 0ms, 0ms, true},
    {"InTheWindow", 1, 1'499ms, 1'000ms, true},
    {"WhenTheWindowIsOver", 1, 1'500ms, 1'000ms, false},
    {"TheTwelfthPart", 11, 10ms, 0ms, true},
    {"TheThirteenthPart", 12, 10ms, 0ms, false},
    {"SentAnHourLaterAndFetchedTogether", 1, 0ms, 3'600'000ms, false},
    {"SentAnHourBefore", 1, 0ms, -3'600'000ms, false},
    {"AcrossASecondOfTelegramsClock", 1, 100ms, 2'000ms, true},
};

INSTANTIATE_TEST_SUITE_P(Table, ContinuationTest, testing::ValuesIn(cases),
                         [](const auto& instance) { return instance.param.name; });

TEST(PastedTextTest, AShortPartIsTheLastOne) {
  const OpenText open = open_text(part(full), rules).value();
  EXPECT_EQ(extended(open, part(tail, 200ms), start, rules),
            (OpenText{.due_at = start + 200ms, .parts = 2, .part_sent_at = start, .part_units = 7}));
}

TEST(PastedTextTest, ALongPartOpensTheWindowAgainButNotForEver) {
  OpenText open = open_text(part(full), rules).value();
  open = extended(open, part(full, 1'400ms), start, rules);
  EXPECT_EQ(open.due_at, start + 2'900ms);
  open = extended(open, part(full, 7'000ms), start, rules);
  EXPECT_EQ(open.due_at, start + 7'500ms);
}

TEST(PastedTextTest, TheTwelfthPartIsTheLastOne) {
  OpenText open = open_text(part(full), rules).value();
  open.parts = 11;
  EXPECT_EQ(extended(open, part(full, 100ms), start, rules).due_at, start + 100ms);
}

TEST(PastedTextTest, APartThatWasCutAtABlankGetsOneBack) {
  EXPECT_EQ(joint_after(4'096), "");
  EXPECT_EQ(joint_after(4'050), "\n");
}

}  // namespace

}  // namespace butler::gateway::pasted_text_test
