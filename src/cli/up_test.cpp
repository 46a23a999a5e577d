#include "cli/up.hpp"

#include <gmock/gmock.h>

namespace butler::cli::up_test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

config::Loaded configuration() {
  config::Loaded loaded;
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"ORCH_GATEWAY_TOKEN", "gateway-canary"},
                                          {"ORCH_WORKER_TOKEN", "worker-canary"},
                                          {"TELEGRAM_BOT_TOKEN", "bot-canary"},
                                          {"TG_OWNER_IDS", "1"},
                                          {"PI_PROVIDER", "openai"},
                                          {"OPENAI_API_KEY", "provider-canary"},
                                          {"SOMETHING_ELSE", "foreign-canary"}}) {
    loaded.environment.emplace(name, config::Entry{value, ".env:1"});
  }
  loaded.place.home = "/srv/butler";
  return loaded;
}

TEST(Up, EachRoleSeesItsOwnSecretsAndNoOthers) {
  const std::map<std::string, std::string> own{{"PATH", "/bin"}, {"SECRET_OF_MINE", "foreign-canary"}};
  const auto environment_of = [&](config::Role role) {
    return build_environment(configuration(), role, own, false);
  };
  EXPECT_THAT(environment_of(config::Role::orchestrator),
              UnorderedElementsAre("PATH=/bin", "BUTLER_HOME=/srv/butler", "BUTLER_ENV_FILE=",
                                   "ORCH_GATEWAY_TOKEN=gateway-canary", "ORCH_WORKER_TOKEN=worker-canary"));
  EXPECT_THAT(
      environment_of(config::Role::gateway),
      UnorderedElementsAre("PATH=/bin", "BUTLER_HOME=/srv/butler", "BUTLER_ENV_FILE=", "TG_OWNER_IDS=1",
                           "ORCH_GATEWAY_TOKEN=gateway-canary", "TELEGRAM_BOT_TOKEN=bot-canary"));
  EXPECT_THAT(
      environment_of(config::Role::worker),
      UnorderedElementsAre("PATH=/bin", "BUTLER_HOME=/srv/butler", "BUTLER_ENV_FILE=", "PI_PROVIDER=openai",
                           "ORCH_WORKER_TOKEN=worker-canary", "OPENAI_API_KEY=provider-canary"));
}

TEST(Up, TheGeneralVariablesAreHandedOnAndRootsHomeIsNot) {
  const std::map<std::string, std::string> own{
      {"HOME", "/root"}, {"LANG", "C.UTF-8"}, {"ASAN_OPTIONS", "x=1"}, {"USER", "root"}};
  const auto as_root = build_environment(configuration(), config::Role::worker, own, true);
  EXPECT_THAT(as_root,
              AllOf(Contains("HOME=/srv/butler"), Contains("LANG=C.UTF-8"), Contains("ASAN_OPTIONS=x=1"),
                    Contains(StartsWith("PATH=/usr/local/sbin:")), Not(Contains(HasSubstr("USER=")))));
  EXPECT_THAT(build_environment(configuration(), config::Role::worker, own, false), Contains("HOME=/root"));
}

TEST(Up, PrefixesStandUnderEachOther) {
  EXPECT_EQ(line_prefix("orchestrator", false), "orchestrator | ");
  EXPECT_EQ(line_prefix("worker", false), "worker       | ");
  EXPECT_EQ(line_prefix("gateway", true), "\x1b[35mgateway      |\x1b[0m ");
}

}  // namespace
}  // namespace butler::cli::up_test
