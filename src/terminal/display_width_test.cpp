#include "terminal/display_width.hpp"

#include <gtest/gtest.h>

#include <array>

namespace butler::terminal::display_width_test {
namespace {

struct Measured {
  std::string_view text;
  std::size_t columns;
};

TEST(DisplayWidth, IsWhatATerminalDrawsAndNotBytes) {
  constexpr auto table = std::to_array<Measured>({
      {"", 0},
      {"plain", 5},
      {"Grüße…", 6},
      {"e\u0301", 1},  // a letter and a combining accent
      {"漢字", 4},
      {"한글", 4},
      {"✅", 2},
      {"⚠", 1},
      {"⚠\uFE0F", 2},     // the same, as an emoji
      {"👍🏽", 2},        // with a skin tone
      {"👩\u200D💻", 2},  // joined to one picture
      {"🇩🇪", 2},          // two letters that make a flag
      {"🇩🇪🇫🇷", 4},
      {"a\u200Bb", 2},  // nothing is drawn for a zero-width space
      {"\x1b[1;31mred\x1b[0m", 3},
      {"\x1b[", 0},  // an escape sequence that is cut
      {"\xFF", 1},   // no UTF-8
  });
  for (const auto& [text, columns] : table) EXPECT_EQ(display_width(text), columns) << text;
}

TEST(DisplayWidth, TextIsCutBetweenCharactersAndEndsInAnEllipsis) {
  EXPECT_EQ(fit_to_width("short", 5), "short");
  EXPECT_EQ(fit_to_width("longer", 5), "long…");
  EXPECT_EQ(fit_to_width("漢字漢字", 5), "漢字…");
  EXPECT_EQ(fit_to_width("漢字漢字", 4), "漢…");
  EXPECT_EQ(fit_to_width("漢字", 1), "…");
  for (std::size_t columns = 1; columns < 12; ++columns)
    EXPECT_LE(display_width(fit_to_width("x漢🇩🇪e\u0301👩\u200D💻yz", columns)), columns);
}

TEST(DisplayWidth, PaddingCountsColumns) {
  EXPECT_EQ(pad_to_width("漢", 4), "漢  ");
  EXPECT_EQ(pad_to_width("wide enough", 4), "wide enough");
}

TEST(DisplayWidth, ALineOfSomebodyElsesCannotSteerTheTerminal) {
  EXPECT_EQ(printable_line("\x1b[2Jgone"), "\uFFFD[2Jgone");
  EXPECT_EQ(printable_line("one\ttwo\r\nthree"), "one two  three");
  EXPECT_EQ(printable_line("a\u202Eb\u2066c"), "abc");
  EXPECT_EQ(printable_line("\xC2\x9B"), "\uFFFD");  // CSI as one character
  EXPECT_EQ(printable_line("\xFFGrüße 漢"), "\uFFFDGrüße 漢");
}

}  // namespace
}  // namespace butler::terminal::display_width_test
