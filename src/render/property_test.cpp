#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "render/legality.hpp"
#include "render/test_support.hpp"

/// The promises of render.hpp, held against much that nobody would write.
namespace butler::render::property_test {

namespace {

void expect_legal(const Part& part, std::size_t limit) { EXPECT_EQ(illegality(part, limit), ""); }

/// Deterministic: the same sequence in every run and on every machine.
class Generator {
 public:
  explicit Generator(std::uint32_t seed) : engine_(seed) {}

  std::size_t below(std::size_t bound) { return engine_() % bound; }

  std::string bytes() {
    std::string text(below(300), '\0');
    for (char& c : text) c = static_cast<char>(engine_() & 0xFFU);
    return text;
  }

  /// Markup, words and what is difficult, in any order.
  std::string markdown() {
    constexpr std::array<std::string_view, 78> tokens{"a",
                                                      "word ",
                                                      "two words. ",
                                                      "\n",
                                                      "\n\n",
                                                      "\n",
                                                      " ",
                                                      "    ",
                                                      "\t",
                                                      "*",
                                                      "**",
                                                      "***",
                                                      "_",
                                                      "__",
                                                      "~~",
                                                      "`",
                                                      "``",
                                                      "```",
                                                      "\n```py\n",
                                                      "\n````\n",
                                                      "\n~~~\n",
                                                      "> ",
                                                      "\n> ",
                                                      "\n> > ",
                                                      "\n- ",
                                                      "\n  - ",
                                                      "\n1. ",
                                                      "\n   2) ",
                                                      "\n- [ ] ",
                                                      "\n- [x] ",
                                                      "# ",
                                                      "\n## ",
                                                      "\n---\n",
                                                      "|",
                                                      " | a ",
                                                      "\n|-|-|\n",
                                                      "\n| a | b |\n|---|---|\n| c | d |\n",
                                                      "[",
                                                      "]",
                                                      "(",
                                                      ")",
                                                      "[x](https://e.x/a)",
                                                      "![i](https://e.x/i.png)",
                                                      "[r]",
                                                      "\n[r]: https://e.x\n",
                                                      "<https://e.x>",
                                                      "https://e.x/a_b ",
                                                      "<b>",
                                                      "</b>",
                                                      "<code>",
                                                      "</code>",
                                                      "<a href=\"https://e.x\">",
                                                      "</a>",
                                                      "<summary>",
                                                      "</summary>",
                                                      "<br>",
                                                      "<!--",
                                                      "-->",
                                                      "&amp;",
                                                      "&#x200F;",
                                                      "\\",
                                                      "\\(",
                                                      "\\)",
                                                      "\\[",
                                                      "\\]",
                                                      "$",
                                                      "$$",
                                                      "x_1",
                                                      "[^1]",
                                                      "[^1]: ",
                                                      "中文。",
                                                      "（",
                                                      "😀",
                                                      "👨‍👩‍👧",
                                                      "🇨🇿",
                                                      "e\u0301",
                                                      "\uFDD0",
                                                      "\xC3"};
    std::string text;
    for (std::size_t n = below(60); n > 0; --n) text.append(tokens[below(tokens.size())]);
    return text;
  }

 private:
  std::mt19937 engine_;
};

constexpr std::array<std::size_t, 6> limits{2, 3, 17, 40, 200, 4096};

TEST(PropertyTest, AnyBytesBecomeLegalMessages) {
  Generator generator{1};
  for (int i = 0; i < 1500; ++i) {
    const std::string bytes = generator.bytes();
    const std::size_t limit = limits[generator.below(limits.size())];
    for (const Part& part : render_markdown(bytes, limit)) expect_legal(part, limit);
    for (const Part& part : render_plain(bytes, limit)) expect_legal(part, limit);
    if (HasFailure()) FAIL() << "with limit " << limit << ": " << testing::PrintToString(bytes);
  }
}

TEST(PropertyTest, AnyMarkupBecomesLegalMessages) {
  Generator generator{2};
  for (int i = 0; i < 6000; ++i) {
    const std::string markdown = generator.markdown();
    const std::size_t limit = limits[generator.below(limits.size())];
    for (const Part& part : render_markdown(markdown, limit)) expect_legal(part, limit);
    if (HasFailure()) FAIL() << "with limit " << limit << ": " << testing::PrintToString(markdown);
  }
}

std::string visible(std::string_view text) {
  std::string characters;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view character = text.substr(at, code_point_at(text, at).length);
    if (!is_blank(character)) characters.append(character);
    at += character.size();
  }
  return characters;
}

TEST(PropertyTest, CuttingLosesNothingVisible) {
  Generator generator{3};
  for (int i = 0; i < 2000; ++i) {
    const std::string markdown = generator.markdown();
    std::string whole;
    for (const Part& part : render_markdown(markdown, 1'000'000)) whole.append(part.text);
    std::string pieces;
    for (const Part& part : render_markdown(markdown, 60)) pieces.append(part.text);
    ASSERT_EQ(visible(pieces), visible(whole)) << testing::PrintToString(markdown);
  }
}

TEST(PropertyTest, NoGraphemeThatFitsIsCut) {
  constexpr std::array<std::string_view, 6> graphemes{"a", "é", "😀", "👨‍👩‍👧", "🇨🇿", "👍🏽"};
  Generator generator{4};
  for (int i = 0; i < 300; ++i) {
    std::string text;
    for (std::size_t n = 1 + generator.below(200); n > 0; --n) text.append(graphemes[generator.below(6)]);
    std::size_t at = 0;
    for (const Part& part : render_plain(text, 16 + generator.below(50))) {
      const std::size_t end = at + part.text.size();
      while (at < end) at += grapheme_length(text, at, text.size());
      ASSERT_EQ(at, end);
    }
  }
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  result.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) result.append(text);
  return result;
}

struct Attack {
  std::string_view name;
  std::string markdown;
};

std::vector<Attack> attacks() {
  const std::string wide_head = repeated("|a", 1000) + "|\n" + repeated("|---", 1000) + "|\n";
  return {
      {"nested quotes", repeated(">", 20'000) + "x"},
      {"nested quotes on many lines", repeated(repeated("> ", 200) + "x\n", 200)},
      {"nested lists", repeated("- ", 20'000) + "x"},
      {"a wide table", wide_head + repeated("|1|\n", 1000)},
      {"a long table", "|a|b|\n|-|-|\n" + repeated("|1|2|\n", 20'000)},
      {"pipes", repeated("|", 40'000)},
      {"pipes and dashes", repeated("|-", 40'000) + "\n" + repeated("|-", 40'000)},
      {"nested images", repeated("![[]()", 20'000)},
      {"brackets", repeated("[", 50'000) + repeated("]", 50'000)},
      {"stars", repeated("*a ", 40'000)},
      {"mixed emphasis", repeated("*a_b~~", 20'000)},
      {"strong that never closes", repeated("**a", 30'000)},
      {"backticks",
       [] {
         std::string text;
         for (std::size_t n = 1; n < 400; ++n) text.append(repeated("`", n)).push_back(' ');
         return text;
       }()},
      {"code spans", repeated("`a` ", 30'000)},
      {"open tags", repeated("<b>", 30'000) + repeated("</i>", 30'000)},
      {"tags in turn", repeated("<b><i></b></i>", 10'000)},
      {"comments that never end", repeated("<!-- ", 30'000)},
      {"brackets of formulas", repeated("\\[", 40'000) + "\\]"},
      {"parentheses of formulas", repeated("\\( ", 40'000)},
      {"dollars", repeated("$a ", 40'000)},
      {"many formulas", repeated("$x_1$ ", 20'000)},
      {"footnotes", repeated("[^1]:", 30'000)},
      {"html entities", repeated("&unknownentity;", 10'000)},
      {"one grapheme", "e" + repeated("\u0301", 100'000)},
      {"one word", repeated("x", 500'000)},
      {"blanks in code", "`a" + repeated(" ", 100'000) + "`"},
      {"blank lines in code", "```\na" + repeated("\n", 100'000) + "b\n```"},
      {"indented code", "```\n" + repeated(" ", 100'000) + "b\n```"},
      {"a reference used often",
       "[a]: https://e.x/" + repeated("x", 2000) + "\n\n" + repeated("[a]", 30'000)},
      {"fences", repeated("```\n", 20'000)},
  };
}

/// Of the processor, so that what else the machine does is not counted. What grows with the square of its
/// input takes minutes.
double seconds_worked() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

#ifdef BUTLER_SANITIZED
constexpr double no_time = 20;
#else
constexpr double no_time = 5;
#endif

TEST(AttackTest, HostileInputTakesNoTime) {
  for (const Attack& attack : attacks()) {
    const double before = seconds_worked();
    const auto parts = render_markdown(attack.markdown);
    const double taken = seconds_worked() - before;
    RecordProperty(std::string{attack.name}, std::to_string(taken));
    EXPECT_LT(taken, no_time) << attack.name;
    for (const Part& part : parts) expect_legal(part, message_limit);
    EXPECT_FALSE(HasFailure()) << attack.name;
  }
}

}  // namespace

}  // namespace butler::render::property_test
