#include "setup/given.hpp"

#include <gmock/gmock.h>

namespace butler::setup::given_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A configuration whose entries stand in the file, or (with "!" before the name) in the process's
/// environment.
config::Environment configured(std::initializer_list<std::pair<std::string, std::string>> entries) {
  config::Environment environment;
  for (const auto& [name, value] : entries) {
    const bool process = name.starts_with('!');
    environment[process ? name.substr(1) : name] = {
        .value = value, .source = process ? config::environment_source : ".env:1"};
  }
  return environment;
}

const auto whole = configured({{"TELEGRAM_BOT_TOKEN", "1:x"},
                               {"TG_OWNER_IDS", "1"},
                               {"PI_PROVIDER", "openai"},
                               {"OPENAI_API_KEY", "k"}});

TEST(Given, WhatStandsInTheProcessesEnvironmentIsSaidAndAnOptionGoesBefore) {
  const auto environment = configured({{"!TELEGRAM_BOT_TOKEN", "1:x"},
                                       {"!TG_OWNER_IDS", "7"},
                                       {"PI_PROVIDER", "openai"},
                                       {"!OPENAI_API_KEY", "k"}});
  const auto given = with_environment({.owner_ids = "8"}, environment);
  EXPECT_EQ(given.bot_token, "1:x");
  EXPECT_EQ(given.owner_ids, "8");
  EXPECT_EQ(given.provider, std::nullopt) << "it stands in .env, and is kept there";
  EXPECT_EQ(given.provider_key, "k");
  EXPECT_EQ(given.key_variable, "OPENAI_API_KEY");
  EXPECT_EQ(with_environment({.provider_key = "of a file"}, environment).key_variable, "");
  EXPECT_EQ(with_environment({}, configured({{"!PI_EXEC_MODE", "mock"}})).provider, "none");
}

TEST(Steps, AreDueWhenTheirAnswersAreMissingOrGivenAnew) {
  struct Case {
    Step step;
    Intent intent;
    Given given;
    config::Environment environment;
    bool due;
  };
  const std::vector<Case> cases{
      {Step::bot, Intent::keep, {}, {}, true},
      {Step::bot, Intent::keep, {}, whole, false},
      {Step::bot, Intent::start_over, {}, whole, true},
      {Step::bot, Intent::keep, {.bot_token = "2:x"}, whole, true},
      {Step::owner, Intent::keep, {}, configured({{"TG_OWNER_IDS", ""}}), true},
      {Step::owner, Intent::keep, {}, whole, false},
      {Step::owner, Intent::keep, {.owner_ids = "5"}, whole, true},
      {Step::model, Intent::keep, {}, {}, true},
      {Step::model, Intent::keep, {}, configured({{"PI_EXEC_MODE", "mock"}}), false},
      {Step::model, Intent::keep, {}, configured({{"PI_EXEC_MODE", "rpc"}}), true},
      {Step::model, Intent::keep, {}, whole, false},
      {Step::model, Intent::keep, {.model = "m"}, whole, true},
      {Step::model, Intent::keep, {.provider_key = "k"}, whole, true},
  };
  for (const auto& one : cases)
    EXPECT_EQ(is_due(one.step, one.intent, one.given, one.environment), one.due) << step_name(one.step);
}

std::vector<std::string> missing(const Given& given, const config::Environment& environment) {
  std::vector<std::string> what;
  for (const auto& one : missing_answers(given, environment)) what.push_back(one.what);
  return what;
}

TEST(MissingAnswers, AreNamedAllAtOnce) {
  EXPECT_THAT(missing({}, {}),
              ElementsAre("the bot's token", "the owner's numeric id", "the model provider"));
  EXPECT_THAT(missing({}, whole), IsEmpty());
  EXPECT_THAT(missing({.bot_token = "t", .owner_ids = "1", .provider = "none"}, {}), IsEmpty());
  EXPECT_THAT(missing({.intent = Intent::start_over}, whole),
              ElementsAre("the bot's token", "the owner's numeric id", "the model provider"));
}

TEST(MissingAnswers, AProviderNeedsItsKey) {
  EXPECT_THAT(missing({.provider = "anthropic"}, whole), ElementsAre("the key of anthropic"));
  EXPECT_THAT(missing({.provider = "anthropic", .provider_key = "k"}, whole), IsEmpty());
  EXPECT_THAT(missing({.provider = "of-models-json"}, whole), IsEmpty());
  EXPECT_THAT(
      missing({},
              configured({{"TELEGRAM_BOT_TOKEN", "t"}, {"TG_OWNER_IDS", "1"}, {"PI_PROVIDER", "anthropic"}})),
      ElementsAre("the key of anthropic"));
}

TEST(MissingAnswers, SayHowTheyAreGivenAndNeverInTheCommandLineItself) {
  const auto answers = missing_answers({.provider = "openai"}, {});
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_THAT(answers.at(0).how_to_give, testing::HasSubstr("--bot-token-file"));
  EXPECT_THAT(answers.at(2).how_to_give, testing::HasSubstr("OPENAI_API_KEY"));
}

}  // namespace
}  // namespace butler::setup::given_test
