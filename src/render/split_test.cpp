#include <gmock/gmock.h>

#include <string>

#include "render/test_support.hpp"

namespace butler::render::split_test {

namespace {

using testing::ElementsAre;
using testing::SizeIs;

std::vector<std::string> texts_of(const std::vector<Part>& parts) {
  std::vector<std::string> texts;
  texts.reserve(parts.size());
  for (const Part& part : parts) texts.push_back(part.text);
  return texts;
}

TEST(SplitTest, ParagraphsAreKeptWhole) {
  EXPECT_THAT(texts_of(render_markdown("one two.\n\nthree four.\nfive\n\nsix seven eight", 30)),
              ElementsAre("one two.\n\nthree four.\nfive", "six seven eight"));
}

TEST(SplitTest, LinesThenSentencesThenWordsAreKeptWhole) {
  EXPECT_THAT(texts_of(render_plain("aaaa bbbb cccc\ndddd eeee ffff gggg", 22)),
              ElementsAre("aaaa bbbb cccc", "dddd eeee ffff gggg"));
  EXPECT_THAT(texts_of(render_plain("aaaa bbb. Cccc dddd eeee", 18)),
              ElementsAre("aaaa bbb.", "Cccc dddd eeee"));
  EXPECT_THAT(texts_of(render_plain("aaaa bbbb cccc", 11)), ElementsAre("aaaa bbbb", "cccc"));
  EXPECT_THAT(texts_of(render_plain("一二三。四五六七", 6)), ElementsAre("一二三。", "四五六七"));
}

TEST(SplitTest, AShortParagraphAloneIsNoReasonToCut) {
  EXPECT_THAT(texts_of(render_plain("a\n\nbbbb cccc dddd eeee ffff", 20)),
              ElementsAre("a\n\nbbbb cccc dddd", "eeee ffff"));
}

TEST(SplitTest, AnEntityThatIsCutGoesOn) {
  const auto parts = render_markdown("**aaaa bbbb cccc dddd** e", 10);
  ASSERT_THAT(parts, SizeIs(3));
  EXPECT_EQ(entities_of(parts[0]), "bold[aaaa bbbb]");
  EXPECT_EQ(entities_of(parts[1]), "bold[cccc dddd]");
  EXPECT_EQ(entities_of(parts[2]), "");
}

TEST(SplitTest, CodeKeepsItsIndentAndLanguage) {
  const auto parts = render_markdown("```py\nif a:\n    b()\n    c()\n```", 15);
  ASSERT_THAT(parts, SizeIs(2));
  EXPECT_EQ(entities_of(parts[0]), "pre:py[if a:\n    b()]");
  EXPECT_EQ(entities_of(parts[1]), "pre:py[    c()]");
}

TEST(SplitTest, AFamilyAndAFlagStayTogether) {
  EXPECT_THAT(texts_of(render_plain("👨‍👩‍👧👨‍👩‍👧", 12)),
              ElementsAre("👨‍👩‍👧", "👨‍👩‍👧"));
  EXPECT_THAT(texts_of(render_plain("🇨🇿🇩🇪🇫🇷", 10)), ElementsAre("🇨🇿🇩🇪", "🇫🇷"));
}

TEST(SplitTest, AGraphemeLongerThanAMessageIsCutBetweenCodePoints) {
  std::string text = "e";
  for (int i = 0; i < 20; ++i) text.append("\u0301");
  const auto parts = render_plain(text, 8);
  ASSERT_THAT(parts, SizeIs(3));
  EXPECT_EQ(domain::count_utf16_units(parts[0].text), 8U);
}

TEST(SplitTest, TheLeastLimitIsOneCodePoint) {
  EXPECT_THAT(texts_of(render_plain("a😀", 0)), ElementsAre("a", "😀"));
}

}  // namespace

}  // namespace butler::render::split_test
