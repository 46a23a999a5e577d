#include "setup/wizard.hpp"

#include <gmock/gmock.h>

#include "setup/setup_test_support.hpp"
#include "terminal/fake_prompter.hpp"

namespace butler::setup::wizard_test {
namespace {

using test::right_token;
using test::wrong_token;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Ending = StepReport::Ending;
using Saved = std::map<std::string, std::string>;

class WizardTest : public testing::Test {
 protected:
  /// Runs setup with these answers typed. Whatever was saved before is what it finds.
  SetupReport run(std::vector<std::string> answers, Given given = {}) {
    terminal::FakePrompter prompter{std::move(answers)};
    config::Environment environment;
    for (const auto& [name, value] : outside.saved) environment[name] = {.value = value, .source = ".env:1"};
    Session session{.prompter = prompter,
                    .outside = outside,
                    .given = std::move(given),
                    .environment = std::move(environment)};
    auto report = run_setup(session);
    transcript = prompter.transcript;
    return report;
  }

  /// A whole installation.
  void configure() {
    outside.saved = {{"TELEGRAM_BOT_TOKEN", right_token}, {"TG_OWNER_IDS", "1001"},
                     {"PI_PROVIDER", "openai"},           {"OPENAI_API_KEY", "right-key"},
                     {"ORCH_GATEWAY_TOKEN", "g"},         {"ORCH_WORKER_TOKEN", "w"}};
  }

  static Ending ending(const SetupReport& report, Step step) {
    for (const auto& one : report.steps) {
      if (one.step == step) return one.ending;
    }
    ADD_FAILURE() << "no report of " << step_name(step);
    return Ending::failed;
  }

  test::FakeOutside outside;
  std::string transcript;
};

TEST_F(WizardTest, AsksForABotItsOwnerAndAModelAndChecksEach) {
  const auto report = run({right_token, "1", "openai", "right-key", "m-1"});
  EXPECT_TRUE(report.succeeded());
  EXPECT_EQ(outside.saved, (Saved{{"TELEGRAM_BOT_TOKEN", right_token},
                                  {"TG_OWNER_IDS", "1001"},
                                  {"PI_PROVIDER", "openai"},
                                  {"OPENAI_API_KEY", "right-key"},
                                  {"PI_MODEL", "m-1"},
                                  {"ORCH_GATEWAY_TOKEN", "secret-1"},
                                  {"ORCH_WORKER_TOKEN", "secret-2"}}));
  EXPECT_EQ(report.bot, "tests_bot");
  EXPECT_EQ(outside.examinations, 1);
  EXPECT_THAT(transcript, HasSubstr("https://t.me/tests_bot?start=k7qm2xwp4r"));
}

TEST_F(WizardTest, SecretsAreAskedForHiddenAndNeverShown) {
  run({right_token, "1", "openai", "right-key", ""});
  EXPECT_THAT(transcript, HasSubstr("# The bot's token"));
  EXPECT_THAT(transcript, HasSubstr("# The API key for openai"));
  EXPECT_THAT(transcript, Not(HasSubstr(right_token)));
  EXPECT_THAT(transcript, Not(HasSubstr("right-key")));
}

TEST_F(WizardTest, WhatAStrangerCallsThemselvesCannotSteerTheTerminal) {
  run({right_token, "1"});
  EXPECT_THAT(transcript, Not(HasSubstr("\x1b")));
}

TEST_F(WizardTest, ATokenThatIsNoneOrIsRefusedIsAskedForAgain) {
  const auto report = run({"hello", "", wrong_token, right_token, "2", "not an id", "7, 8", "8"});
  EXPECT_TRUE(report.succeeded());
  EXPECT_EQ(outside.saved.at("TELEGRAM_BOT_TOKEN"), right_token);
  EXPECT_EQ(outside.saved.at("TG_OWNER_IDS"), "7, 8");
  EXPECT_THAT(transcript, HasSubstr("That is no token"));
  EXPECT_THAT(transcript, HasSubstr("Telegram refuses this token"));
  EXPECT_THAT(transcript, Not(HasSubstr(wrong_token)));
}

TEST_F(WizardTest, ATelegramThatDoesNotAnswerIsTriedOnceMoreOrEndsSetup) {
  outside.bot_troubles = {{.text = "no route"}, {.text = "no route"}};
  const auto report = run({right_token, "y", "n"});
  ASSERT_TRUE(report.stop);
  EXPECT_THAT(report.stop->text, HasSubstr("--skip-checks"));
  EXPECT_THAT(outside.saved, IsEmpty()) << "nobody knows whether it works";
}

TEST_F(WizardTest, EachStepIsWrittenAtOnceAndTheNextRunGoesOn) {
  auto report = run({right_token});
  ASSERT_TRUE(report.stop);
  EXPECT_EQ(report.stop->why, Stop::Why::interrupted);
  EXPECT_EQ(outside.saved, (Saved{{"TELEGRAM_BOT_TOKEN", right_token}}));

  report = run({"1"});
  EXPECT_THAT(transcript, HasSubstr("Part of it is set up already"));
  EXPECT_EQ(outside.saved.at("TG_OWNER_IDS"), "1001");
  EXPECT_EQ(outside.token_of_owner_watch, std::string{right_token} + " tests_bot");

  report = run({"openai", "right-key", ""});
  EXPECT_TRUE(report.succeeded());
  EXPECT_EQ(ending(report, Step::bot), Ending::kept);
  EXPECT_EQ(ending(report, Step::owner), Ending::kept);
  EXPECT_FALSE(outside.saved.contains("PI_MODEL"));
}

TEST_F(WizardTest, ControlCWhileSomethingIsAskedOutsideEndsSetup) {
  outside.bot_troubles = {{.kind = Trouble::Kind::interrupted}};
  const auto report = run({right_token});
  ASSERT_TRUE(report.stop);
  EXPECT_EQ(report.stop->why, Stop::Why::interrupted);
  EXPECT_THAT(outside.saved, IsEmpty());
}

TEST_F(WizardTest, TroubleWithTheCodeLetsThePersonChooseAgain) {
  outside.owner_troubles = {
      {.text = "the code was not sent in time"},
      {.kind = Trouble::Kind::refused, .text = "another program reads this bot's messages"}};
  const auto report = run({right_token, "1", "1", "2", "42", "8"});
  EXPECT_TRUE(report.succeeded());
  EXPECT_EQ(outside.saved.at("TG_OWNER_IDS"), "42");
  EXPECT_THAT(transcript, HasSubstr("another program"));
}

TEST_F(WizardTest, AKeyThatIsRefusedIsAskedForAgain) {
  const auto report = run({right_token, "1", "openai", "wrong-key", "n", "right-key", ""});
  EXPECT_TRUE(report.succeeded());
  EXPECT_THAT(outside.keys_checked, ElementsAre("wrong-key", "right-key"));
  EXPECT_EQ(outside.saved.at("OPENAI_API_KEY"), "right-key");
  EXPECT_EQ(ending(report, Step::model), Ending::done);
}

TEST_F(WizardTest, AKeyThatNothingProvesIsTakenAndSaidToBeUnproven) {
  outside.verdict_otherwise = model_proxy::KeyVerdict::undecided;
  const auto report = run({right_token, "1", "openai", "some-key", ""});
  EXPECT_TRUE(report.succeeded());
  EXPECT_EQ(ending(report, Step::model), Ending::warned);
  EXPECT_THAT(transcript, HasSubstr("what the provider says"));
}

TEST_F(WizardTest, AModelThatTheProviderDoesNotListIsAskedForAgain) {
  run({right_token, "1", "openai", "right-key", "m-3", "n", "m-2"});
  EXPECT_EQ(outside.saved.at("PI_MODEL"), "m-2");
  EXPECT_THAT(transcript, HasSubstr("as in m-1, m-2"));
}

TEST_F(WizardTest, WithoutAProviderAMockAnswersAndNoSandboxIsNeeded) {
  outside.sandbox = {.contained = false, .text = "no tier"};
  const auto report = run({right_token, "1", "8"});
  EXPECT_TRUE(report.succeeded());
  EXPECT_EQ(outside.saved.at("PI_EXEC_MODE"), "mock");
  EXPECT_EQ(ending(report, Step::sandbox), Ending::left_out);

  EXPECT_TRUE(run({"2", "3", "openai", "right-key", ""}).stop == std::nullopt);
  EXPECT_FALSE(outside.saved.contains("PI_EXEC_MODE")) << "a provider takes the mock's place";
}

TEST_F(WizardTest, AnotherProviderIsNamedByItsNameInPiAndHasVariablesOfItsOwn) {
  outside.verdict_otherwise = model_proxy::KeyVerdict::undecided;
  run({right_token, "1", "another one", "nonsense", "mine", "", "my-key", "my-account", ""});
  EXPECT_THAT(transcript, HasSubstr("pi does not know it"));
  EXPECT_THAT(transcript, HasSubstr("Without a key"));
  EXPECT_EQ(outside.saved.at("PI_PROVIDER"), "mine");
  EXPECT_EQ(outside.saved.at("MY_KEY"), "my-key");
  EXPECT_EQ(outside.saved.at("MY_ACCOUNT"), "my-account");
}

TEST_F(WizardTest, APresentKeyStaysInItsVariableAndATypedOneTakesTheFirst) {
  configure();
  outside.saved.erase("OPENAI_API_KEY");
  outside.saved["OTHER_OPENAI_KEY"] = "old";
  outside.verdict_otherwise = model_proxy::KeyVerdict::undecided;
  run({"2", "3", "openai", "", ""});
  EXPECT_EQ(outside.saved.at("OTHER_OPENAI_KEY"), "old");
  EXPECT_FALSE(outside.saved.contains("OPENAI_API_KEY"));
  run({"2", "3", "openai", "new", ""});
  EXPECT_EQ(outside.saved.at("OPENAI_API_KEY"), "new");
  EXPECT_FALSE(outside.saved.contains("OTHER_OPENAI_KEY"));
  EXPECT_THAT(outside.new_keys, ElementsAre("", "new"));
}

TEST_F(WizardTest, AnInstallationIsKeptChangedOrStartedOver) {
  configure();
  const auto before = outside.saved;
  EXPECT_TRUE(run({"1"}).succeeded());
  EXPECT_EQ(outside.saved, before);
  EXPECT_EQ(outside.examinations, 1);

  EXPECT_TRUE(run({"2", "2", "2", "42"}).succeeded());
  EXPECT_EQ(outside.saved.at("TG_OWNER_IDS"), "42");
  EXPECT_EQ(outside.saved.at("OPENAI_API_KEY"), "right-key");

  EXPECT_TRUE(run({"3", right_token, "2", "43", "openai", "", "m-2"}).succeeded());
  EXPECT_EQ(outside.saved.at("TG_OWNER_IDS"), "43");
  EXPECT_EQ(outside.saved.at("PI_MODEL"), "m-2");
  EXPECT_EQ(outside.saved.at("OPENAI_API_KEY"), "right-key") << "Enter keeps the present key";
}

TEST_F(WizardTest, ASandboxThatCannotBeHadFailsWhereAModelIsSetUp) {
  outside.sandbox = {.contained = false, .text = "apt install bubblewrap"};
  configure();
  const auto report = run({"1"});
  EXPECT_FALSE(report.succeeded());
  EXPECT_THAT(transcript, HasSubstr("apt install bubblewrap"));
}

TEST_F(WizardTest, WhatDoesNotWorkAtTheEndFailsAndTheSettingsStay) {
  outside.works = false;
  EXPECT_FALSE(run({right_token, "1", "8"}).succeeded());
  EXPECT_EQ(outside.saved.at("TG_OWNER_IDS"), "1001");
}

TEST_F(WizardTest, SecretsOfTheHomeAreKept) {
  outside.local_secrets = true;
  const auto report = run({right_token, "1", "8"});
  EXPECT_EQ(ending(report, Step::secrets), Ending::kept);
  EXPECT_FALSE(outside.saved.contains("ORCH_WORKER_TOKEN"));
}

TEST_F(WizardTest, WithoutQuestionsEverythingIsGivenOrSetupNamesWhatIsMissing) {
  auto report = run({}, {.bot_token = right_token, .yes = true});
  ASSERT_TRUE(report.stop);
  EXPECT_EQ(report.stop->why, Stop::Why::missing);
  EXPECT_THAT(report.stop->text, HasSubstr("--owner-ids"));
  EXPECT_THAT(report.stop->text, HasSubstr("--provider"));
  EXPECT_THAT(outside.saved, IsEmpty());

  report = run({}, {.bot_token = right_token,
                    .owner_ids = "42",
                    .provider = "openai",
                    .model = "m-1",
                    .provider_key = "right-key",
                    .yes = true});
  EXPECT_TRUE(report.succeeded());
  EXPECT_EQ(outside.saved.at("PI_MODEL"), "m-1");
  EXPECT_THAT(transcript, Not(HasSubstr("? ")));
}

TEST_F(WizardTest, AKeyIsFiledUnderTheProvidersFirstVariableAndIsItsOnlyOne) {
  configure();
  outside.saved.erase("OPENAI_API_KEY");
  outside.saved["OTHER_OPENAI_KEY"] = "an-older-key";
  EXPECT_TRUE(run({}, {.provider_key = "right-key", .yes = true}).succeeded());
  EXPECT_EQ(outside.saved.at("OPENAI_API_KEY"), "right-key");
  EXPECT_FALSE(outside.saved.contains("OTHER_OPENAI_KEY"));
  EXPECT_THAT(outside.new_keys, ElementsAre("right-key"));
}

TEST_F(WizardTest, AKeyFromAVariableStaysUnderIt) {
  configure();
  outside.verdict_otherwise = model_proxy::KeyVerdict::undecided;
  const Given given{.provider_key = "other-key", .key_variable = "OTHER_OPENAI_KEY", .yes = true};
  EXPECT_TRUE(run({}, given).succeeded());
  EXPECT_EQ(outside.saved.at("OTHER_OPENAI_KEY"), "other-key");
  EXPECT_FALSE(outside.saved.contains("OPENAI_API_KEY")) << "it would go before";
}

TEST_F(WizardTest, WithoutQuestionsWhatIsRefusedEndsSetup) {
  const Given given{.bot_token = right_token,
                    .owner_ids = "42",
                    .provider = "openai",
                    .provider_key = "wrong-key",
                    .yes = true};
  Given other = given;
  other.bot_token = wrong_token;
  EXPECT_EQ(run({}, other).stop->why, Stop::Why::failed);
  EXPECT_EQ(run({}, given).stop->why, Stop::Why::failed);
  EXPECT_FALSE(outside.saved.contains("OPENAI_API_KEY"));
  outside.verdict_otherwise = model_proxy::KeyVerdict::undecided;
  EXPECT_TRUE(run({}, given).succeeded());
}

TEST_F(WizardTest, SkippedChecksAreSaidAloud) {
  const auto report = run({}, {.bot_token = wrong_token,
                               .owner_ids = "42",
                               .provider = "openai",
                               .provider_key = "wrong-key",
                               .yes = true,
                               .skip_checks = true});
  EXPECT_TRUE(report.succeeded());
  EXPECT_THAT(transcript, HasSubstr("nothing will show that the token and the key work"));
  EXPECT_EQ(ending(report, Step::doctor), Ending::left_out);
  EXPECT_EQ(outside.examinations, 0);
}

TEST_F(WizardTest, ProgramsReadHowEachStepEnded) {
  configure();
  const auto object = to_json(run({}, {.yes = true}));
  EXPECT_EQ(json::serialize(object),
            R"({"ok":true,"steps":[{"step":"bot","outcome":"kept","detail":""},)"
            R"({"step":"owner","outcome":"kept","detail":""},{"step":"model","outcome":"kept","detail":""},)"
            R"({"step":"secrets","outcome":"kept","detail":""},)"
            R"({"step":"sandbox","outcome":"done","detail":"Agents are contained by bwrap."},)"
            R"({"step":"doctor","outcome":"done","detail":""}]})");
}

}  // namespace
}  // namespace butler::setup::wizard_test
