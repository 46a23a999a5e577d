#include "gateway/gathering.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace butler::gateway::gathering_test {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr domain::Timestamp start{1'700'000'000'000ms};
constexpr GatherRules rules{};

const std::string full(4'096, 'x');
const std::string tail = "the end";

TextPart part(std::string_view text, milliseconds later = 0ms) {
  return {.text = text,
          .characters = text.size(),
          .sent = start + std::chrono::floor<std::chrono::seconds>(later),
          .now = start + later};
}

TEST(GatheringTest, OnlyALongMessageOpensAText) {
  EXPECT_FALSE(open_text(part("hello"), false, rules));
  EXPECT_FALSE(open_text(part(std::string(3'999, 'x')), false, rules));
  const OpenText open = open_text(part(std::string(4'000, 'x')), false, rules).value();
  EXPECT_EQ(open,
            (OpenText{.due_at = start + 1'500ms, .parts = 1, .part_sent_at = start, .part_units = 4'000}));
  std::string emojis;
  for (int i = 0; i < 2'000; ++i) emojis += "😀";
  EXPECT_TRUE(open_text(part(emojis), false, rules)) << "clients count UTF-16 units";
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
  EXPECT_EQ(joint(open, next, 4'096, rules) == Joint::cut, GetParam().continues);
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

/// Of one person, after an open turn.
struct NextCase {
  std::string name;
  OpenText open;
  TextPart next;
  std::size_t characters = 10;  ///< of the turn so far
  Joint joint = Joint::none;
};

std::ostream& operator<<(std::ostream& out, const NextCase& one) { return out << one.name; }

class NextTest : public testing::TestWithParam<NextCase> {};

TEST_P(NextTest, BelongsToItAsTheTableSays) {
  TextPart next = GetParam().next;
  next.sent = start;
  next.now = start + 100ms;
  EXPECT_EQ(joint(GetParam().open, next, GetParam().characters, rules), GetParam().joint);
}

constexpr domain::Timestamp due = start + 750ms;
const OpenText burst{.due_at = due, .part_sent_at = start, .part_units = 5, .burst = true};
const OpenText album{.due_at = due, .part_sent_at = start, .album = "a"};
const OpenText album_in_burst{.due_at = due, .part_sent_at = start, .burst = true, .album = "a"};
const OpenText cut{.due_at = due, .part_sent_at = start, .part_units = 4'096};

const std::vector<NextCase> next_cases{
    {"ATextInABurst", burst, {.text = tail, .characters = 7}, 10, Joint::together},
    {"AFileInABurst", burst, {.characters = 0}, 10, Joint::together},
    {"AnAlbumInABurst", burst, {.album = "a", .characters = 0}, 10, Joint::together},
    {"ATextAfterAnAlbumInABurst", album_in_burst, {.text = tail, .characters = 7}, 10, Joint::together},
    {"SomethingThatIsNotForUs", burst, {.text = tail}, 10, Joint::none},
    {"JustWithinTheCharacters", burst, {.text = tail, .characters = 7}, 7'991, Joint::together},
    {"OneCharacterTooMany", burst, {.text = tail, .characters = 7}, 7'992, Joint::none},
    {"TheNextItemOfAnAlbum", album, {.album = "a", .characters = 0}, 10, Joint::together},
    {"AnItemThatIsNotAddressed", album, {.album = "a"}, 10, Joint::together},
    {"AnItemOfAnotherAlbum", album, {.album = "b", .characters = 0}, 10, Joint::none},
    {"ATextAfterAnAlbum", album, {.text = tail, .characters = 7}, 10, Joint::none},
    {"TheRestOfACutText", cut, {.text = tail}, 4'096, Joint::cut},
    {"TheRestOfACutTextBeyondTheLimit", cut, {.text = full}, 7'999, Joint::cut},
    {"AFileAfterACutText", cut, {.characters = 0}, 4'096, Joint::none},
};

INSTANTIATE_TEST_SUITE_P(Table, NextTest, testing::ValuesIn(next_cases),
                         [](const auto& instance) { return instance.param.name; });

TEST(GatheringTest, AnIdleConversationWaitsForNothing) {
  EXPECT_FALSE(open_text(part("hello"), false, rules));
  const OpenText open = open_text(part("hello"), true, rules).value();
  EXPECT_EQ(open, (OpenText{.due_at = start + 500ms, .part_sent_at = start, .part_units = 5, .burst = true}));
  GatherRules never = rules;
  never.burst_window = 0ms;
  EXPECT_FALSE(open_text(part("hello"), true, never));
}

TEST(GatheringTest, AnAlbumIsWaitedForAlsoWhenNothingRuns) {
  TextPart first = part("");
  first.album = "a";
  const OpenText open = open_text(first, false, rules).value();
  EXPECT_EQ(open.due_at, start + 750ms);
  EXPECT_EQ(open.album, "a");
}

// ---- any sequence of messages ----

struct Sender {
  std::optional<OpenText> open;
  domain::Timestamp began{};
  domain::Timestamp latest{};
  std::size_t characters = 0;
  std::size_t parts = 0;
  bool was_cut = false;
};

/// What OpenTexts and Intake do with the decisions, without rows.
class Gatherer {
 public:
  /// Whether the message went into the open turn of its sender.
  bool take(Sender& sender, const TextPart& next, bool busy) {
    if (sender.open && sender.open->due_at <= next.now) end(sender);
    const std::size_t length = next.characters.value_or(next.text.size());
    if (sender.open) {
      const Joint how = joint(*sender.open, next, sender.characters, rules);
      if (how != Joint::none) {
        sender.was_cut = sender.was_cut || how == Joint::cut;
        sender.characters += length + 2;
        ++sender.parts;
        sender.latest = next.now;
        sender.open = extended(*sender.open, next, sender.began, rules);
        return true;
      }
      end(sender);
    }
    sender = {.open = open_text(next, busy, rules),
              .began = next.now,
              .latest = next.now,
              .characters = length,
              .parts = 1};
    if (!sender.open) end(sender);
    return false;
  }

  void end(Sender& sender) {
    EXPECT_LE(sender.parts, rules.most_parts);
    EXPECT_LE(sender.latest - sender.began, rules.longest);
    if (sender.open) EXPECT_LE(sender.open->due_at - sender.began, rules.longest);
    if (!sender.was_cut) EXPECT_LE(sender.characters, rules.most_characters);
    gathered += sender.parts;
    ++turns;
    sender.open.reset();
  }

  std::size_t gathered = 0;
  std::size_t turns = 0;
};

TEST(GatheringTest, EveryMessageGoesIntoOneTurnThatKeepsItsBounds) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const std::vector<std::string> texts{"ok", std::string(900, 'x'), std::string(4'000, 'x'), full};
    std::vector<Sender> senders(3);
    Gatherer gatherer;
    domain::Timestamp now = start;
    constexpr std::size_t messages = 300;
    for (std::size_t n = 0; n < messages; ++n) {
      now += milliseconds{random() % 20 == 0 ? random() % 9'000 : random() % 400};
      const bool item = random() % 4 == 0;
      const std::string text = item ? "" : texts.at(random() % texts.size());
      const std::string group = item ? std::string(1, static_cast<char>('a' + random() % 2)) : "";
      TextPart next{
          .text = text, .album = group, .sent = std::chrono::floor<std::chrono::seconds>(now), .now = now};
      if (random() % 5 != 0) next.characters = text.size();
      Sender& sender = senders.at(random() % senders.size());
      const bool open = sender.open && sender.open->due_at > now;
      const bool joined = gatherer.take(sender, next, random() % 2 == 0);
      EXPECT_TRUE(open || !joined) << "seed " << seed << ": joined what was complete";
    }
    for (Sender& sender : senders) {
      if (sender.open) gatherer.end(sender);
    }
    EXPECT_EQ(gatherer.gathered, messages) << "seed " << seed;
    EXPECT_LT(gatherer.turns, messages) << "seed " << seed << ": nothing was gathered";
  }
}

TEST(GatheringTest, AShortPartIsTheLastOne) {
  const OpenText open = open_text(part(full), false, rules).value();
  EXPECT_EQ(extended(open, part(tail, 200ms), start, rules),
            (OpenText{.due_at = start + 200ms, .parts = 2, .part_sent_at = start, .part_units = 7}));
}

TEST(GatheringTest, ALongPartOpensTheWindowAgainButNotForEver) {
  OpenText open = open_text(part(full), false, rules).value();
  open = extended(open, part(full, 1'400ms), start, rules);
  EXPECT_EQ(open.due_at, start + 2'900ms);
  open = extended(open, part(full, 7'000ms), start, rules);
  EXPECT_EQ(open.due_at, start + 7'500ms);
}

TEST(GatheringTest, TheTwelfthPartIsTheLastOne) {
  OpenText open = open_text(part(full), false, rules).value();
  open.parts = 11;
  EXPECT_EQ(extended(open, part(full, 100ms), start, rules).due_at, start + 100ms);
}

TEST(GatheringTest, APartThatWasCutAtABlankGetsOneBack) {
  EXPECT_EQ(joint_after(4'096), "");
  EXPECT_EQ(joint_after(4'050), "\n");
}

}  // namespace

}  // namespace butler::gateway::gathering_test
