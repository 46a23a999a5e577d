#include "terminal/prompter.hpp"

#include <gtest/gtest.h>

#include "terminal/fake_prompter.hpp"

namespace butler::terminal::prompter_test {
namespace {

const std::vector<std::string> labels{"anthropic", "openai", "openrouter", "open"};

TEST(Choice, IsNamedByItsNumberOrByEnoughOfItsLabel) {
  EXPECT_EQ(read_choice("1", labels), 0U);
  EXPECT_EQ(read_choice("Anth", labels), 0U);
  EXPECT_EQ(read_choice("openr", labels), 2U);
  EXPECT_EQ(read_choice("open", labels), 3U) << "the whole label, though others begin so";
  EXPECT_EQ(read_choice("ope", labels), std::nullopt);
  EXPECT_EQ(read_choice("0", labels), std::nullopt);
  EXPECT_EQ(read_choice("5", labels), std::nullopt);
  EXPECT_EQ(read_choice("99999999999999999999", labels), std::nullopt);
  EXPECT_EQ(read_choice("", labels), std::nullopt);
}

TEST(Choice, IsAskedForUntilOneIsNamed) {
  FakePrompter prompter{{"seven", "2"}};
  EXPECT_EQ(ask_choice(prompter, "Which?", labels), 1U);
  EXPECT_EQ(prompter.transcript,
            "  1) anthropic\n  2) openai\n  3) openrouter\n  4) open\n? Which?\n"
            "Please give a number from 1 to 4.\n? Which?\n");
}

TEST(Choice, AnEmptyLineMeansTheDefaultWhereThereIsOne) {
  FakePrompter prompter{{""}};
  EXPECT_EQ(ask_choice(prompter, "Which?", labels, 2), 2U);
  FakePrompter other{{"", "1"}};
  EXPECT_EQ(ask_choice(other, "Which?", labels), 0U);
}

TEST(YesOrNo, IsAskedForUntilItIsOne) {
  FakePrompter prompter{{"perhaps", "YES"}};
  EXPECT_EQ(ask_yes_or_no(prompter, "Go on?", false), true);
  EXPECT_EQ(prompter.transcript, "? Go on? [y/N]\nPlease answer yes or no.\n? Go on? [y/N]\n");
  FakePrompter empty{{""}};
  EXPECT_EQ(ask_yes_or_no(empty, "Go on?", true), true);
}

TEST(YesOrNo, TheEndOfTheInputIsNoAnswer) {
  FakePrompter prompter{{}};
  EXPECT_EQ(ask_yes_or_no(prompter, "Go on?", true), std::unexpected(NoAnswer::end_of_input));
}

}  // namespace
}  // namespace butler::terminal::prompter_test
