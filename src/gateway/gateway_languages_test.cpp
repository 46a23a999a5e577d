#include "gateway/gateway_fixture.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_commands.hpp"
#include "gateway/wording_people.hpp"

namespace butler::gateway::gateway_languages_test {

namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using wording::Language;

constexpr std::int64_t anna = 99;

/// The whole gateway with people who speak different languages.
class GatewayLanguagesTest : public GatewayTest {
 protected:
  void say_as(const std::string& code, const std::string& text, std::int64_t person = owner) {
    say(text,
        {{"from",
          json::Object{{"id", person}, {"is_bot", false}, {"first_name", "Ada"}, {"language_code", code}}}},
        person);
  }
};

TEST_F(GatewayLanguagesTest, EverybodyIsAnsweredInTheirOwn) {
  settings.owners = {owner, anna};
  start();
  say_as("de-AT", "/approvepair");
  say_as("en", "/approvepair", anna);
  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts_in(owner), ElementsAre(wording::which_code(Language::de)));
  EXPECT_THAT(texts_in(anna), ElementsAre(wording::which_code(Language::en)));
  EXPECT_NE(wording::which_code(Language::de), wording::which_code(Language::en));
}

TEST_F(GatewayLanguagesTest, ControlCommandsAreAnsweredInItToo) {
  start();
  say_as("de", "/abort");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::nothing_to_stop(Language::de)));
}

TEST_F(GatewayLanguagesTest, WhatNoMessageTriggersIsSaidInItAfterARestart) {
  orchestrator.instant_agent = false;
  start();
  say_as("de", "think");
  ASSERT_TRUE(until([&] { return orchestrator.created.size() == 1; }));
  orchestrator.run(orchestrator.job_with_prompt("think").id);
  kill();
  start();
  orchestrator.finish(orchestrator.job_with_prompt("think").id, domain::JobStatus::failed, {}, "overloaded");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::failed(Language::de, "overloaded")));
}

TEST_F(GatewayLanguagesTest, AnOwnerHearsOfAStrangerInTheOwnersAndTheStrangerInTheirs) {
  start();
  say_as("de", "/approvepair");
  ASSERT_TRUE(shown(1));
  say_as("en", "/start", anna);
  ASSERT_TRUE(shown(3));
  EXPECT_THAT(texts_in(owner), Contains(HasSubstr("möchte mich benutzen")));
  EXPECT_THAT(texts_in(anna), ElementsAre(HasSubstr("I am a private assistant")));
}

TEST_F(GatewayLanguagesTest, AStrangerWhoIsLetInLaterHearsOfItInTheirs) {
  start();
  say_as("de", "/start", anna);
  ASSERT_TRUE(shown(2));
  const std::string asked = texts_in(owner)[0];
  const auto at = asked.find("/approvepair ");
  ASSERT_NE(at, std::string::npos);
  say(asked.substr(at, std::string_view{"/approvepair "}.size() + 9));
  ASSERT_TRUE(shown(4));
  EXPECT_THAT(texts_in(anna), Contains(HasSubstr("Du bist dabei")));
}

TEST_F(GatewayLanguagesTest, TheConfigurationsLanguageGoesBeforeThePersons) {
  settings.language = "en";
  start();
  say_as("de", "/approvepair");
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::which_code(Language::en)));
}

TEST_F(GatewayLanguagesTest, ButtonsSpeakTheLanguageOfTheWordsAboveThem) {
  settings.run_owner_only = false;
  settings.allowed = {anna};
  orchestrator.instant_agent = false;
  start();
  const auto in_group = [&](const std::string& code, const std::string& text, std::int64_t person) {
    say_in_group(
        text, person,
        {{"from",
          json::Object{{"id", person}, {"is_bot", false}, {"first_name", "Ada"}, {"language_code", code}}}});
  };
  orchestrator.hold_creates = true;
  in_group("de", "/run make", owner);
  ASSERT_TRUE(until([&] { return orchestrator.held_creates == 1; }));
  in_group("en", "/whoami", anna);  // who spoke last speaks English
  ASSERT_TRUE(shown(1));
  orchestrator.hold_creates = false;
  orchestrator.changed.notify_all();
  ASSERT_TRUE(shown(2));

  EXPECT_FALSE(telegram.shown[1].token(wording::say(Language::de, "buttons.approve")).empty());
}

}  // namespace

}  // namespace butler::gateway::gateway_languages_test
