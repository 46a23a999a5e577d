#include "cli/config_change.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "cli/exit_code.hpp"
#include "unit/temp_folder.hpp"

namespace butler::cli::config_change_test {
namespace {

using testing::HasSubstr;
using testing::Not;

config::Loaded configuration(std::initializer_list<std::pair<std::string, std::string>> entries) {
  config::Loaded loaded;
  loaded.place.home = "/nowhere/home";
  loaded.place.working_directory = "/nowhere";
  loaded.place.default_worker_id = "worker-1";
  for (const auto& [name, value] : entries) loaded.environment[name] = {.value = value, .source = ".env:1"};
  return loaded;
}

TEST(ConfigChange, IsJudgedByTheTableBeforeItIsWritten) {
  struct Case {
    std::string name;
    std::string value;
    std::string fault;  ///< "" for none
  };
  const std::vector<Case> cases{
      {"ORCH_PORT", "8080", ""},
      {"ORCH_PORT", "0", "whole number"},
      {"TG_OWNER_IDS", "1, 2", ""},
      {"TG_OWNER_IDS", "@ada", "numeric ids"},
      {"WORKER_SANDBOX", "bubble", "bwrap"},
      {"PI_MODEL", "", "unset PI_MODEL"},
      {"ORCH_TLS_KEY", "/x", "ORCH_TLS_CERT"},
      {"OPENAI_API_KEY", "anything", ""},
  };
  const auto loaded = configuration({});
  for (const auto& one : cases) {
    const auto fault = find_change_fault(loaded, one.name, one.value);
    EXPECT_EQ(fault.has_value(), !one.fault.empty()) << one.name << "=" << one.value;
    EXPECT_THAT(fault.value_or(""), HasSubstr(one.fault));
  }
}

TEST(ConfigChange, IsJudgedByWhatBecomesOfTheOtherSettings) {
  const auto loaded =
      configuration({{"WORKER_HEARTBEAT_MS", "9000"}, {"ORCH_GATEWAY_TOKEN", "0123456789abcdef0"}});
  EXPECT_THAT(find_change_fault(loaded, "ORCH_LEASE_SECONDS", "10").value_or(""),
              HasSubstr("WORKER_HEARTBEAT_MS"));
  EXPECT_EQ(find_change_fault(loaded, "ORCH_LEASE_SECONDS", "60"), std::nullopt);
  const auto same = find_change_fault(loaded, "ORCH_WORKER_TOKEN", "0123456789abcdef0");
  EXPECT_THAT(same.value_or(""), HasSubstr("two different secrets"));
  EXPECT_THAT(same.value_or(""), Not(HasSubstr("0123456789abcdef0")));
}

class ConfigSetTest : public testing::Test {
 protected:
  int change(const ConfigChange& change) {
    const config::Start start{.variables = {{"BUTLER_ENV_FILE", file_.string()},
                                            {"BUTLER_HOME", (folder_.path() / "home").string()}},
                              .working_directory = folder_.path(),
                              .user = 1,
                              .host_name = "host",
                              .pid = 1,
                              .program = {}};
    out_.str("");
    return change_config(start, configuration({}), change, out_);
  }
  std::string content() const {
    std::ifstream in{file_};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

  test::TempFolder folder_;
  std::filesystem::path file_ = folder_.path() / "settings.env";
  std::ostringstream out_;
};

TEST_F(ConfigSetTest, WritesTheValueAndSaysWhenItTakesEffect) {
  EXPECT_EQ(change({.name = "ORCH_PORT", .value = "9000"}), exit_ok);
  EXPECT_EQ(content(), "ORCH_PORT=9000\n");
  EXPECT_THAT(out_.str(), HasSubstr("at the next start"));
  EXPECT_EQ(change({.name = "ORCH_PORT", .remove = true, .json = true}), exit_ok);
  EXPECT_EQ(content(), "");
  EXPECT_THAT(out_.str(), HasSubstr(R"("removed":true,"restartNeeded":false)"));
}

TEST_F(ConfigSetTest, WritesNothingThatIsWrongOrNobodysVariable) {
  EXPECT_EQ(change({.name = "ORCH_PORT", .value = "none"}), exit_config);
  EXPECT_EQ(change({.name = "ORCH_PROT", .value = "9000"}), exit_usage);
  EXPECT_EQ(change({.name = "BUTLER_ENV_FILE", .value = "x"}), exit_usage);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(ConfigSetTest, TakesASecretFromAFileAndNeverFromTheCommandLine) {
  EXPECT_EQ(change({.name = "ANTHROPIC_API_KEY", .value = "sk-secret"}), exit_usage);
  EXPECT_EQ(change({.name = "TELEGRAM_BOT_TOKEN", .value = "1:0123456789012345678901"}), exit_usage);
  EXPECT_FALSE(std::filesystem::exists(file_));
  const auto secret = folder_.path() / "key";
  std::ofstream{secret} << "sk-secret\n";
  EXPECT_EQ(change({.name = "ANTHROPIC_API_KEY", .file = secret.string()}), exit_ok);
  EXPECT_EQ(content(), "ANTHROPIC_API_KEY=sk-secret\n");
  EXPECT_THAT(out_.str(), Not(HasSubstr("sk-secret")));
}

TEST(ConfigGet, ShowsWhatIsInEffectAndOfASecretOnlyThatItIsThere) {
  const auto loaded =
      configuration({{"TELEGRAM_BOT_TOKEN", "1:secret"}, {"GROQ_API_KEY", "secret"}, {"TZ", "UTC"}});
  const auto get = [&](const std::string& name, int code) {
    std::ostringstream out;
    EXPECT_EQ(get_config(loaded, name, Format::text, out), code) << name;
    return out.str();
  };
  EXPECT_EQ(get("TZ", exit_ok), "UTC\n");
  EXPECT_EQ(get("ORCH_PORT", exit_ok), "8787\n");
  EXPECT_EQ(get("TELEGRAM_BOT_TOKEN", exit_ok), "(set)\n");
  EXPECT_EQ(get("GROQ_API_KEY", exit_ok), "(set)\n");
  EXPECT_EQ(get("PI_MODEL", exit_failure), "");
  EXPECT_EQ(get("NOT_OURS", exit_usage), "");
}

}  // namespace
}  // namespace butler::cli::config_change_test
