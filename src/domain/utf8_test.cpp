#include "domain/utf8.hpp"

#include <gmock/gmock.h>

namespace butler::domain::utf8_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ValidUtf8 : public testing::TestWithParam<std::string> {};
TEST_P(ValidUtf8, IsAcceptedAndKept) {
  EXPECT_TRUE(is_valid_utf8(GetParam()));
  EXPECT_EQ(to_valid_utf8(GetParam()), GetParam());
}
INSTANTIATE_TEST_SUITE_P(Texts, ValidUtf8,
                         testing::Values("", "ascii", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80",
                                         "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80",
                                         "\xF4\x8F\xBF\xBF", "é漢😀"));

struct Bytes {
  std::string bytes;
  int replacements;
};

class InvalidUtf8 : public testing::TestWithParam<Bytes> {};
TEST_P(InvalidUtf8, IsRefusedAndReplacedByteByByte) {
  EXPECT_FALSE(is_valid_utf8(GetParam().bytes));
  std::string expected = "<";
  for (int i = 0; i < GetParam().replacements; ++i) expected += "\uFFFD";
  EXPECT_EQ(to_valid_utf8("<" + GetParam().bytes + ">"), expected + ">");
}
INSTANTIATE_TEST_SUITE_P(Bytes, InvalidUtf8,
                         testing::Values(Bytes{"\x80", 1}, Bytes{"\xBF", 1}, Bytes{"\xC0\x80", 2},
                                         Bytes{"\xC1\xBF", 2}, Bytes{"\xC3", 1}, Bytes{"\xE0\x80\x80", 3},
                                         Bytes{"\xE0\x9F\xBF", 3}, Bytes{"\xE2\x82", 2},
                                         Bytes{"\xED\xA0\x80", 3}, Bytes{"\xED\xBF\xBF", 3},
                                         Bytes{"\xF0\x8F\xBF\xBF", 4}, Bytes{"\xF0\x9F\x98", 3},
                                         Bytes{"\xF4\x90\x80\x80", 4}, Bytes{"\xF5\x80\x80\x80", 4},
                                         Bytes{"\xFE", 1}, Bytes{"\xFF", 1}),
                         [](const auto& instance) { return "case_" + std::to_string(instance.index); });

TEST(Utf8, CountsCodePointsAndUtf16Units) {
  EXPECT_EQ(count_code_points("aé漢😀"), 4U);
  EXPECT_EQ(count_utf16_units("aé漢😀"), 5U);
  EXPECT_EQ(count_code_points(""), 0U);
}

TEST(Utf8, FindsTheByteAfterUtf16Units) {
  EXPECT_EQ(byte_after_utf16_units("", 0), 0U);
  EXPECT_EQ(byte_after_utf16_units("aé😀b", 1), 1U);
  EXPECT_EQ(byte_after_utf16_units("aé😀b", 2), 3U);
  EXPECT_EQ(byte_after_utf16_units("aé😀b", 3), std::nullopt) << "between two surrogates";
  EXPECT_EQ(byte_after_utf16_units("aé😀b", 4), 7U);
  EXPECT_EQ(byte_after_utf16_units("aé😀b", 5), 8U);
  EXPECT_EQ(byte_after_utf16_units("aé😀b", 6), std::nullopt) << "beyond the end";
}

TEST(Utf8, APrefixNeverCutsACharacter) {
  EXPECT_EQ(prefix_code_points("é😀x", 0), "");
  EXPECT_EQ(prefix_code_points("é😀x", 1), "é");
  EXPECT_EQ(prefix_code_points("é😀x", 2), "é😀");
  EXPECT_EQ(prefix_code_points("é😀x", 3), "é😀x");
  EXPECT_EQ(prefix_code_points("é😀x", 9), "é😀x");
}

TEST(Utf8, ShorteningEndsWithAnEllipsisInsideTheLimit) {
  EXPECT_EQ(shorten("abc", 3), "abc");
  EXPECT_EQ(shorten("abcd", 3), "ab…");
  EXPECT_EQ(shorten("😀😀😀", 2), "😀…");
  EXPECT_EQ(shorten("ab", 1), "…");
  EXPECT_EQ(shorten("", 1), "");
}

TEST(Utf8, SplitsIntoPiecesThatAddUpToTheText) {
  EXPECT_THAT(split_code_points("abcdé", 2), ElementsAre("ab", "cd", "é"));
  EXPECT_THAT(split_code_points("ab", 2), ElementsAre("ab"));
  EXPECT_THAT(split_code_points("", 2), IsEmpty());
}

TEST(Utf8, FindsTheBeginOfACharacterAtTheEnd) {
  EXPECT_EQ(incomplete_utf8_tail(""), 0U);
  EXPECT_EQ(incomplete_utf8_tail("abc"), 0U);
  EXPECT_EQ(incomplete_utf8_tail("é"), 0U);
  EXPECT_EQ(incomplete_utf8_tail("😀"), 0U);
  EXPECT_EQ(incomplete_utf8_tail("a\xC3"), 1U);
  EXPECT_EQ(incomplete_utf8_tail("a\xE2\x82"), 2U);
  EXPECT_EQ(incomplete_utf8_tail("a\xF0\x9F\x98"), 3U);
  EXPECT_EQ(incomplete_utf8_tail("\xF0"), 1U);
  EXPECT_EQ(incomplete_utf8_tail("\x80\x80\x80\x80"), 0U);
}

}  // namespace
}  // namespace butler::domain::utf8_test
