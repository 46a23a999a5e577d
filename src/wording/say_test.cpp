#include "wording/say.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "wording/catalog.hpp"

namespace butler::wording::say_test {

TEST(Say, AnswersInTheLanguageThatIsAskedFor) {
  EXPECT_EQ(say(Language::en, "answers.no_reason"), "no reason was given");
  EXPECT_EQ(say(Language::de, "answers.no_reason"), "ein Grund wurde nicht genannt");
}

TEST(Say, AnswersWithAKeyThatNoLanguageHas) {
  const std::string key = std::string{"no"} + ".such_key";
  EXPECT_EQ(say(Language::de, key), key);
}

TEST(Language, ComesFromTheCodesThatTelegramSends) {
  EXPECT_EQ(language_of("de"), Language::de);
  EXPECT_EQ(language_of("de-AT"), Language::de);
  EXPECT_EQ(language_of("DE_de"), Language::de);
  EXPECT_EQ(language_of("en-GB"), Language::en);
  EXPECT_EQ(language_of("fr"), Language::en);
  EXPECT_EQ(language_of("den"), Language::en);
  EXPECT_EQ(language_of(""), Language::en);
}

TEST(Catalog, ReadsGroupsOfSentencesWithTheirPlurals) {
  const Catalog catalog = read_catalog(
      R"({"jobs": {"gone": "It is gone.", "left": {"one": "{count} job", "other": "{count} jobs"}}})");
  EXPECT_EQ(catalog.at("jobs.gone").other, "It is gone.");
  EXPECT_FALSE(catalog.at("jobs.gone").counts);
  EXPECT_EQ(catalog.at("jobs.left").one, "{count} job");
  EXPECT_TRUE(catalog.at("jobs.left").counts);
}

TEST(Catalog, RefusesWhatIsNoSentenceAndNamesIt) {
  for (const auto* text : {R"({"jobs": {"left": 3}})", R"({"jobs": {"left": {"one": "a"}}})",
                           R"({"jobs": {"left": {"one": "a", "other": "b", "few": "c"}}})"}) {
    try {
      read_catalog(text);
      ADD_FAILURE() << text;
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string{error.what()}.find("jobs.left"), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(read_catalog("[]"), std::runtime_error);
  EXPECT_THROW(read_catalog(R"({"jobs": "text"})"), std::runtime_error);
  EXPECT_THROW(read_catalog("{"), std::runtime_error);
}

TEST(Fill, ReplacesPlaceholdersOnceAndLeavesOtherBracesAlone) {
  const Sentence sentence{.one = "{name}: {x} {} {A} {missing} {name}",
                          .other = "{name}: {x} {} {A} {missing} {name}"};
  EXPECT_EQ(fill(sentence, {{"name", "{x}"}, {"x", 3}}), "{x}: 3 {} {A} {missing} {x}");
}

TEST(Fill, ChoosesTheFormByTheCount) {
  const Sentence sentence{.one = "{count} job", .other = "{count} jobs", .counts = true};
  EXPECT_EQ(fill(sentence, {{"count", 0}}), "0 jobs");
  EXPECT_EQ(fill(sentence, {{"count", std::size_t{1}}}), "1 job");
  EXPECT_EQ(fill(sentence, {{"count", 2}}), "2 jobs");
}

}  // namespace butler::wording::say_test
