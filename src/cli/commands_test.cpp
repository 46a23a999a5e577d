#include <gmock/gmock.h>

#include <sstream>

#include "cli/config_command.hpp"
#include "cli/exit_code.hpp"
#include "cli/main.hpp"
#include "cli/render_command.hpp"
#include "json/value.hpp"

namespace butler::cli::commands_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

config::Loaded configuration() {
  config::Loaded loaded;
  loaded.place.home = "/srv/butler";
  loaded.environment = {{"TELEGRAM_BOT_TOKEN", {"123456789:canary-AbCdEfGhIjKlMnOpQrStU", ".env:1"}},
                        {"TG_OWNER_IDS", {"1", ".env:2"}}};
  return loaded;
}

int run_with(std::vector<std::string> words) {
  words.insert(words.begin(), "butler");
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = run(static_cast<int>(words.size()), argv.data());
  testing::internal::GetCapturedStdout();
  testing::internal::GetCapturedStderr();
  return code;
}

TEST(ConfigCommand, TheListShowsValuesAndSourcesButNoSecret) {
  std::ostringstream out;
  EXPECT_EQ(list_config(configuration(), Format::text, out), exit_ok);
  EXPECT_THAT(out.str(), AllOf(HasSubstr("TELEGRAM_BOT_TOKEN=(set)  (.env:1)"),
                               HasSubstr("TG_OWNER_IDS=1  (.env:2)"), HasSubstr("ORCH_PORT=8787  (default)"),
                               HasSubstr("BUTLER_HOME=/srv/butler"), Not(HasSubstr("canary"))));
}

TEST(ConfigCommand, TheListIsAlsoJson) {
  std::ostringstream out;
  list_config(configuration(), Format::json, out);
  EXPECT_THAT(out.str(), Not(HasSubstr("canary")));
  const auto parsed = json::parse(out.str()).value();
  const auto& first = parsed.as_array().at(0);
  EXPECT_EQ(json::find_string(first, "name"), "TELEGRAM_BOT_TOKEN");
  EXPECT_EQ(json::find_string(first, "source"), ".env:1");
  EXPECT_TRUE(json::find_true(first, "secret"));
}

TEST(ConfigCommand, TheCheckTellsWhatUpWouldComplainOf) {
  std::ostringstream right;
  EXPECT_EQ(check_config(configuration(), std::nullopt, Format::text, right), exit_ok);
  EXPECT_THAT(right.str(), HasSubstr("The configuration is right"));

  auto wrong = configuration();
  wrong.environment["ORCH_PORT"] = config::Entry{"x", ".env:3"};
  wrong.warnings.emplace_back("a doubt");
  std::ostringstream text;
  EXPECT_EQ(check_config(wrong, std::nullopt, Format::text, text), exit_config);
  EXPECT_EQ(
      text.str(),
      "wrong: ORCH_PORT (.env:3): expected a whole number from 1 to 65535, got 'x'\nwarning: a doubt\n");
  std::ostringstream object;
  EXPECT_EQ(check_config(wrong, std::nullopt, Format::json, object), exit_config);
  EXPECT_EQ(object.str(),
            R"({"ok":false,"problems":[{"name":"ORCH_PORT","source":".env:3",)"
            R"("message":"expected a whole number from 1 to 65535, got 'x'"}],"warnings":["a doubt"]})"
            "\n");
}

TEST(ConfigCommand, ARoleByItselfNeedsItsSecrets) {
  std::ostringstream out;
  EXPECT_EQ(check_config(configuration(), config::Role::worker, Format::text, out), exit_config);
  EXPECT_THAT(out.str(), HasSubstr("wrong: ORCH_WORKER_TOKEN: is required"));
}

TEST(RenderCommand, MarkdownBecomesPartsWithEntities) {
  std::istringstream in{"**bold** [x](https://a.example/)"};
  std::ostringstream out;
  EXPECT_EQ(render_messages(in, 4096, out), exit_ok);
  EXPECT_EQ(out.str(), R"({"parts":[{"text":"bold x","entities":[{"type":"bold","offset":0,"length":4},)"
                       R"({"type":"text_link","offset":5,"length":1,"url":"https://a.example/"}]}]})"
                       "\n");
  std::istringstream nothing{""};
  std::ostringstream empty;
  render_messages(nothing, 4096, empty);
  EXPECT_EQ(empty.str(), "{\"parts\":[]}\n");
}

TEST(CommandLine, WrongUsageIsExitStatus2AndHelpIs0) {
  EXPECT_EQ(run_with({"--help"}), exit_ok);
  EXPECT_EQ(run_with({"version", "--json"}), exit_ok);
  EXPECT_EQ(run_with({"--version"}), exit_ok);
  EXPECT_EQ(run_with({"config", "example"}), exit_ok);
  for (const auto* const command :
       {"up", "orchestrator", "gateway", "worker", "config", "render", "version"}) {
    EXPECT_EQ(run_with({command, "--help"}), exit_ok) << command;
  }
  for (const auto& words : std::vector<std::vector<std::string>>{{},
                                                                 {"nonsense"},
                                                                 {"config"},
                                                                 {"config", "nonsense"},
                                                                 {"version", "--yaml"},
                                                                 {"render", "--limit", "1"},
                                                                 {"render", "--limit", "x"},
                                                                 {"config", "check", "--role", "nobody"}}) {
    EXPECT_EQ(run_with(words), exit_usage) << testing::PrintToString(words);
  }
}

}  // namespace
}  // namespace butler::cli::commands_test
