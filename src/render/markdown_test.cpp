#include <gmock/gmock.h>

#include <string>
#include <string_view>

#include "render/test_support.hpp"

/// What the golden cases leave open, construct by construct.
namespace butler::render::markdown_test {

namespace {

using testing::IsEmpty;
using testing::SizeIs;

/// The one message that the Markdown becomes; an empty one when there is none.
Part render_one(std::string_view markdown) {
  auto parts = render_markdown(markdown);
  EXPECT_LE(parts.size(), 1U);
  return parts.empty() ? Part{} : parts[0];
}

std::string text_of(std::string_view markdown) { return render_one(markdown).text; }
std::string entities_of(std::string_view markdown) { return entities_of(render_one(markdown)); }

TEST(EmphasisTest, AProductAndAPowerKeepTheirStars) {
  EXPECT_EQ(text_of("2*3*4 and a*b*c and 2**3**4"), "2*3*4 and a*b*c and 2**3**4");
  EXPECT_EQ(entities_of("x*y*z"), "");
}

TEST(EmphasisTest, StrongTextBesideEastAsianPunctuationIsStrong) {
  EXPECT_EQ(entities_of("**中文。**后面"), "bold[中文。]");
  EXPECT_EQ(entities_of("前面**「中文」**后面"), "bold[「中文」]");
  EXPECT_EQ(entities_of("**\"문자\"**는 **foo(bar)**는"), "bold[\"문자\"] bold[foo(bar)]");
  EXPECT_EQ(entities_of("第一，**重点**内容（**二**）"), "bold[重点] bold[二]");
}

TEST(EmphasisTest, PythonNamesAreNotStrongWhereTheyAreUsedAsNames) {
  EXPECT_EQ(text_of("__init__.py and super().__init__()"), "__init__.py and super().__init__()");
  EXPECT_EQ(entities_of("__strong__."), "bold[strong]");
}

TEST(EmphasisTest, UnbalancedMarkersStayInTheText) {
  EXPECT_EQ(text_of("**open and `code (unclosed"), "**open and `code (unclosed");
  EXPECT_EQ(entities_of("**open and `code (unclosed"), "");
}

TEST(EmphasisTest, OffsetsAreUtf16Units) {
  const Part part = render_one("😀 **x** 👨‍👩‍👧 *y*");
  EXPECT_EQ(part.text, "😀 x 👨‍👩‍👧 y");
  ASSERT_THAT(part.entities, SizeIs(2));
  EXPECT_EQ(part.entities[0].offset, 3U);
  EXPECT_EQ(part.entities[1].offset, 14U);
}

TEST(LinkTest, ALinkWinsOverCodeInside) {
  EXPECT_EQ(entities_of("see [`README`](https://e.x/r)"), "text_link:https://e.x/r[README]");
}

TEST(LinkTest, AnAddressThatTelegramWouldDropIsShown) {
  EXPECT_EQ(text_of("[x](javascript:alert) [y](/rel) [m](mailto:a@b.co)"), "x y (/rel) m (a@b.co)");
  EXPECT_EQ(text_of("[app](http://localhost:3000/a) [d](data:text/html,x) [top](#top)"),
            "app (http://localhost:3000/a) d top");
  EXPECT_EQ(entities_of("[app](http://localhost:3000/a)"), "");
}

TEST(LinkTest, AnAutolinkIsLeftToTelegram) {
  EXPECT_EQ(render_one("<https://e.x/a_b> https://e.x/c_d_e www.e.org [https://e.x](https://e.x) <a@b.co>"),
            Part{.text = "https://e.x/a_b https://e.x/c_d_e www.e.org https://e.x a@b.co"});
}

TEST(LinkTest, ALinkWithoutTextShowsItsAddress) { EXPECT_EQ(text_of("[](https://e.x/a)"), "https://e.x/a"); }

TEST(LinkTest, AnImageInALinkBelongsToTheLink) {
  EXPECT_EQ(entities_of("[![build](https://e.x/b.svg)](https://e.x/ci) ok"),
            "text_link:https://e.x/ci[🖼 build]");
}

TEST(LinkTest, AReferenceUsedAgainAndAgainDoesNotMultiplyItsAddress) {
  std::string markdown = "[a]: https://e.x/" + std::string(1900, 'x') + "\n\n";
  for (int i = 0; i < 2000; ++i) markdown.append("[a] ");
  std::size_t url_bytes = 0;
  for (const Part& part : render_markdown(markdown)) {
    for (const Entity& entity : part.entities) url_bytes += entity.url.size();
  }
  EXPECT_LE(url_bytes, markdown.size() + 65'536);
}

TEST(ListTest, NestingIndentsAndAlternatesBullets) {
  EXPECT_EQ(text_of("- a\n  - b\n    - c\n- d"), "• a\n  ◦ b\n    • c\n• d");
  EXPECT_EQ(text_of("9. a\n10. b\n    - c"), "9. a\n10. b\n    ◦ c");
}

TEST(ListTest, AListAfterTextIsSetApart) {
  EXPECT_EQ(text_of("Here:\n- a\n- b\n\nEnd"), "Here:\n\n• a\n• b\n\nEnd");
}

TEST(ListTest, CodeInAnItemIsFlushLeft) {
  const Part part = render_one("1. run\n   ```sh\n   ls -l\n   ```\n2. done");
  EXPECT_EQ(part.text, "1. run\nls -l\n2. done");
  EXPECT_EQ(entities_of(part), "pre:sh[ls -l]");
}

TEST(ListTest, AnEmptyItemKeepsItsMarker) { EXPECT_EQ(text_of("- a\n-\n- b"), "• a\n•\n• b"); }

TEST(ListTest, AQuoteInAnItemIsMarkedInTheText) {
  EXPECT_EQ(text_of("- a\n  > b\n  > c"), "• a\n  › b\n  › c");
  EXPECT_EQ(entities_of("- a\n  > b"), "");
}

TEST(QuoteTest, ALongQuoteIsExpandable) {
  std::string markdown;
  for (int i = 0; i < 12; ++i) markdown.append("> line\n");
  const Part part = render_one(markdown);
  ASSERT_THAT(part.entities, SizeIs(1));
  EXPECT_EQ(part.entities[0].type, "expandable_blockquote");
  EXPECT_EQ(part.entities[0].length, 12U * 5 - 1);
}

TEST(QuoteTest, AQuoteMayHoldCodeAndLists) {
  EXPECT_EQ(entities_of("> a\n> ```c\n> x\n> ```\n> - b"), "blockquote[a\n\nx\n\n• b] pre:c[x]");
}

TEST(CodeTest, TabsBecomeSpacesUpToTheNextStop) { EXPECT_EQ(text_of("```\na\tb\n\tc\n```"), "a   b\n    c"); }

TEST(CodeTest, ALongerFenceHoldsAShorterOne) {
  EXPECT_EQ(entities_of("````md\n```sh\nls\n```\n````"), "pre:md[```sh\nls\n```]");
}

TEST(CodeTest, NothingInsideIsTakenAsMarkup) {
  EXPECT_EQ(text_of("```\n$x_1$ **b** [^1] <!-- c --> a | b\n|-|-|\n```"),
            "$x_1$ **b** [^1] <!-- c --> a | b\n|-|-|");
  EXPECT_EQ(text_of("`$x_1$ [^1] 2*3*4`"), "$x_1$ [^1] 2*3*4");
}

TEST(CodeTest, AnEmptyFenceIsNothing) { EXPECT_THAT(render_markdown("```js\n\n```"), IsEmpty()); }

TEST(CodeTest, TheIndentOfTheFirstLineStays) {
  EXPECT_EQ(entities_of("```\n\n  a\nb\n\n```"), "pre[  a\nb]");
}

TEST(TableTest, ATableMayFollowTextAndHaveShortDelimiters) {
  EXPECT_EQ(text_of("Here:\n| a | b |\n|-|-|\n| 1 | x\\|y |\n| `p\\|q` | |\nAfter"),
            "Here:\n\na   │ b\n────┼────\n1   │ x|y\np|q │\n\nAfter");
}

TEST(TableTest, ATableOfOneColumnHasARule) { EXPECT_EQ(text_of("| ab |\n|----|\n| c |"), "ab\n──\nc"); }

TEST(TableTest, ColumnsAreAligned) {
  EXPECT_EQ(text_of("| a | bbbbb | ccc |\n|:--|:-----:|----:|\n| 1 | 2 | 3 |"),
            "a │ bbbbb │ ccc\n──┼───────┼────\n1 │   2   │   3");
}

TEST(TableTest, ATableWithLinksBecomesCards) {
  EXPECT_EQ(entities_of("| a | b |\n|---|---|\n| 1 | [x](https://e.x) |"),
            "bold[a:] bold[b:] text_link:https://e.x[x]");
}

TEST(TableTest, ATableInAQuoteIsFound) {
  EXPECT_EQ(entities_of("> t\n> | a |\n> |---|\n> | 1 |"), "blockquote[t\n\na\n─\n1] pre[a\n─\n1]");
}

TEST(TableTest, ATableThatIsTooLargeIsShownAsWritten) {
  std::string markdown;
  for (int i = 0; i < 21; ++i) markdown.append("|a");
  markdown.append("|\n");
  for (int i = 0; i < 21; ++i) markdown.append("|---");
  markdown.append("|\n|1|2|");
  EXPECT_THAT(text_of(markdown), testing::EndsWith("|\n|1|2|"));
  EXPECT_EQ(entities_of(markdown), "");
}

TEST(HtmlTest, KnownTagsAreStylesAndOthersStay) {
  EXPECT_EQ(entities_of("<b>B</b><br>x <u>u</u> <kbd>K</kbd> <tg-spoiler>s</tg-spoiler>"),
            "bold[B] underline[u] code[K] spoiler[s]");
  EXPECT_EQ(text_of("<b>B</b><br>x <u>u</u> <blink>k</blink>"), "B\nx u <blink>k</blink>");
  EXPECT_EQ(entities_of("<a href=\"https://e.x/1\">one</a> two"), "text_link:https://e.x/1[one]");
}

TEST(HtmlTest, ATagWithoutPartnerIsShown) {
  EXPECT_EQ(text_of("use <s> or </b> here, vector<i>"), "use <s> or </b> here, vector<i>");
}

TEST(HtmlTest, TagsThatCrossMarkdownDoNotTearIt) {
  EXPECT_EQ(entities_of("**a <i>b** c</i>"), "bold[a <i>b]");
}

TEST(HtmlTest, EntitiesAreDecoded) {
  EXPECT_EQ(text_of("&lt;b&gt; &amp; &#x1F600; &unknown; &mdash; &#8238;x"), "<b> & 😀 &unknown; — x");
}

TEST(HtmlTest, CommentsAreDropped) { EXPECT_EQ(text_of("a <!-- **x**\ny --> b"), "a  b"); }

TEST(FormulaTest, MoneyIsNotAFormula) {
  EXPECT_EQ(render_one("It is $5 and $10, $400-600K, $A or $B, ${HOME}/${USER}, $PATH=$X"),
            Part{.text = "It is $5 and $10, $400-600K, $A or $B, ${HOME}/${USER}, $PATH=$X"});
}

TEST(FormulaTest, InlineFormulasAreCode) {
  EXPECT_EQ(entities_of("$x_1*y_2$, \\(a_b\\), $n$ and $5 and $10"), "code[x_1*y_2] code[a_b] code[n]");
}

TEST(FormulaTest, DisplayedFormulasAreBlocksOfTheirOwn) {
  EXPECT_EQ(entities_of("so $$\\int_0^1 x$$ or\n\\[ E=mc^2 \\]\nend"),
            "pre:latex[\\int_0^1 x] pre:latex[E=mc^2]");
  EXPECT_EQ(text_of("so\n$$\na\n= b\n$$\nend"), "so\n\na\n= b\n\nend");
  EXPECT_EQ(entities_of("> $$\n> a\n> b_1\n> $$"), "blockquote[a\nb_1] pre:latex[a\nb_1]");
}

TEST(FormulaTest, EscapedBracketsAreNotAFormula) {
  EXPECT_EQ(render_one("\\[not a link\\](x) and \\(this too\\)"),
            Part{.text = "[not a link](x) and (this too)"});
}

TEST(FootnoteTest, AFootnoteIsTextAndNoLink) {
  EXPECT_EQ(text_of("A[^1] b[^note].\n\n[^1]: one\n[^note]: two"), "A[1] b[note].\n\n[1] one\n[note] two");
}

TEST(BlockTest, HeadingsAndRulesAreSetApart) {
  EXPECT_EQ(text_of("a\n\n---\n\nb"), "a\n\n⎯⎯⎯⎯⎯\n\nb");
  EXPECT_EQ(entities_of("# T\n## S *x*\ntext"), "bold[T] underline[T] bold[S x] italic[x]");
  EXPECT_EQ(entities_of("## Use `make` now"), "bold[Use] code[make] bold[now]");
}

TEST(CleaningTest, WhatIsInvisibleIsNoMessage) {
  EXPECT_THAT(render_markdown("\u200B\u2060 &nbsp; \uFEFF"), IsEmpty());
  EXPECT_THAT(render_plain("\n \t\n"), IsEmpty());
}

TEST(CleaningTest, BytesThatAreNotTextAreReplaced) {
  EXPECT_EQ(text_of("a\xFF"
                    "b\xC3"),
            "a\uFFFDb\uFFFD");
}

TEST(CleaningTest, LinesMayEndAsOnWindows) { EXPECT_EQ(text_of("a\r\nb\r\n\r\nc"), "a\nb\n\nc"); }

TEST(PlainTest, MarkupIsLeftAlone) {
  EXPECT_THAT(render_plain("**a** `b`\n# c\n"), testing::ElementsAre(Part{.text = "**a** `b`\n# c"}));
}

}  // namespace

}  // namespace butler::render::markdown_test
