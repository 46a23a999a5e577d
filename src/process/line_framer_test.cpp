#include "process/line_framer.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <limits>
#include <random>

namespace butler::process::line_framer_test {
namespace {

using testing::ElementsAre;
using Lines = std::vector<std::string>;

struct Outcome {
  Lines lines;
  std::optional<std::string> rest;
  std::size_t dropped = 0;

  bool operator==(const Outcome&) const = default;
};

Outcome frame(const std::vector<std::string>& chunks, std::size_t limit) {
  LineFramer framer{limit};
  Outcome outcome;
  for (const auto& chunk : chunks) {
    for (auto& line : framer.feed(chunk)) outcome.lines.push_back(std::move(line));
  }
  outcome.rest = framer.finish();
  outcome.dropped = framer.dropped_lines();
  return outcome;
}

TEST(LineFramer, FramesByLineFeedsOnly) {
  struct Case {
    std::vector<std::string> chunks;
    Outcome expected;
  };
  const std::vector<Case> cases{
      {{}, {{}, std::nullopt, 0}},
      {{"a\n"}, {{"a"}, std::nullopt, 0}},
      {{"a\nb"}, {{"a"}, "b", 0}},
      {{"a", "b\n", "c\n"}, {{"ab", "c"}, std::nullopt, 0}},
      {{"a\r\n"}, {{"a"}, std::nullopt, 0}},
      {{"a\r", "\n"}, {{"a"}, std::nullopt, 0}},
      {{"a\r\r\n"}, {{"a\r"}, std::nullopt, 0}},
      {{"a\rb\n"}, {{"a\rb"}, std::nullopt, 0}},
      {{"a\r"}, {{}, "a\r", 0}},
      {{"\n\n"}, {{"", ""}, std::nullopt, 0}},
      {{"\xe2\x80\xa8\xc2\x85\n"}, {{"\xe2\x80\xa8\xc2\x85"}, std::nullopt, 0}},
      {{std::string("a\0b\n", 4)}, {{std::string("a\0b", 3)}, std::nullopt, 0}},
  };
  for (const auto& row : cases) {
    EXPECT_EQ(frame(row.chunks, 100), row.expected) << testing::PrintToString(row.chunks);
  }
}

TEST(LineFramer, ALineOverTheLimitIsDroppedAndTheNextOnesCome) {
  EXPECT_EQ(frame({"12345\n123456\nok\n"}, 5), (Outcome{{"12345", "ok"}, std::nullopt, 1}));
  EXPECT_EQ(frame({"12345\r\n12345\rx\nok\n"}, 5), (Outcome{{"12345", "ok"}, std::nullopt, 1}));
  EXPECT_EQ(frame({"123456"}, 5), (Outcome{{}, std::nullopt, 1}));
  EXPECT_EQ(frame({"1234567", "89", "\n", "a"}, 5), (Outcome{{}, "a", 1}));
}

TEST(LineFramer, TheLargestLimitLimitsNothing) {
  EXPECT_EQ(frame({"a\n"}, std::numeric_limits<std::size_t>::max()).lines, Lines{"a"});
}

TEST(LineFramer, ALineIsHandedOutAsSoonAsItIsComplete) {
  LineFramer framer{100};
  EXPECT_THAT(framer.feed("one\ntwo\nthr"), ElementsAre("one", "two"));
  EXPECT_THAT(framer.feed("ee\n"), ElementsAre("three"));
  EXPECT_EQ(framer.finish(), std::nullopt);
}

TEST(LineFramer, AnyChunkingGivesTheSameLines) {
  for (std::uint32_t seed = 0; seed < 2'000; ++seed) {
    std::mt19937 random{seed};
    std::string stream;
    for (std::size_t length = random() % 60; length > 0; --length)
      stream.push_back("ab\r\n\n\x85"[random() % 6]);
    std::vector<std::string> chunks;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t size = random() % 7;
      chunks.push_back(stream.substr(at, size));
      at += size;
    }
    const std::size_t limit = random() % 8;
    ASSERT_EQ(frame(chunks, limit), frame({stream}, limit)) << "seed " << seed << " limit " << limit;
  }
}

}  // namespace
}  // namespace butler::process::line_framer_test
