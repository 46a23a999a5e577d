#include "config/variables.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <set>

#include "config/decode.hpp"
#include "config/env_file.hpp"
#include "config/example.hpp"
#include "config/providers.hpp"
#include "config/values.hpp"

namespace butler::config::variables_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Variables, EveryRowIsCompleteAndItsDefaultIsAllowed) {
  std::set<std::string_view> names;
  for (const Variable& variable : variables()) {
    EXPECT_TRUE(names.insert(variable.name).second) << variable.name;
    EXPECT_FALSE(variable.meaning.empty()) << variable.name;
    EXPECT_FALSE(variable.meaning.ends_with('.')) << variable.name;
    EXPECT_EQ(find_fault(variable, variable.default_value), std::nullopt) << variable.name;
    EXPECT_EQ(variable.kind == Kind::choice, !variable.choices.empty()) << variable.name;
    EXPECT_TRUE(variable.kind != Kind::whole || variable.least < variable.most) << variable.name;
    EXPECT_FALSE(variable.required && !variable.default_value.empty()) << variable.name;
  }
}

TEST(Variables, NoSecretReachesARoleThatMustNotSeeIt) {
  EXPECT_FALSE(find_variable("TELEGRAM_BOT_TOKEN")->roles.has(Role::orchestrator));
  EXPECT_FALSE(find_variable("TELEGRAM_BOT_TOKEN")->roles.has(Role::worker));
  EXPECT_FALSE(find_variable("ORCH_GATEWAY_TOKEN")->roles.has(Role::worker));
  EXPECT_FALSE(find_variable("ORCH_WORKER_TOKEN")->roles.has(Role::gateway));
  EXPECT_TRUE(find_variable("ORCH_DATABASE_URL")->secret());
  EXPECT_FALSE(find_variable("ORCH_DATABASE_URL")->roles.has(Role::gateway));
  EXPECT_FALSE(find_variable("ORCH_DATABASE_URL")->roles.has(Role::worker));
  EXPECT_FALSE(find_variable("GATEWAY_DATABASE_URL")->roles.has(Role::orchestrator));
  EXPECT_FALSE(find_variable("GATEWAY_DATABASE_URL")->roles.has(Role::worker));
}

TEST(Variables, TheExampleFileIsTheGeneratedOne) {
  std::ifstream file{std::string{BUTLER_SOURCE_DIR} + "/.env.example"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  EXPECT_EQ(text, render_env_example()) << "butler config example > .env.example mends it";
}

TEST(Variables, TheExampleIsAValidFileThatLacksOnlyTheRequired) {
  const auto file = parse_env_file(render_env_example(), ".env");
  EXPECT_THAT(file.problems, IsEmpty());
  std::vector<std::string> left_open;
  for (const auto& [name, entry] : file.variables) left_open.push_back(name + "=" + entry.value);
  EXPECT_THAT(left_open, ElementsAre("TELEGRAM_BOT_TOKEN=", "TG_OWNER_IDS="));
  EXPECT_THAT(unknown_names(file.variables), IsEmpty());
}

TEST(Providers, EachHasAKeyThatIsNoneOfOurs) {
  std::set<std::string_view> names;
  for (const Provider& provider : providers()) {
    EXPECT_TRUE(names.insert(provider.name).second) << provider.name;
    EXPECT_FALSE(provider.keys.empty()) << provider.name;
    for (const auto key : provider.keys) EXPECT_EQ(find_variable(key), nullptr) << key;
    for (const auto extra : provider.extras) EXPECT_EQ(find_variable(extra), nullptr) << extra;
  }
  ASSERT_NE(find_provider("anthropic"), nullptr);
  EXPECT_EQ(find_provider("anthropic")->keys.front(), "ANTHROPIC_API_KEY");
  EXPECT_EQ(find_provider("mock"), nullptr);
}

TEST(Providers, AModelsFileNamesTheVariablesOfACustomProvider) {
  const auto* const text = R"({"providers": {
      "one": {"apiKey": "$ONE_KEY", "headers": {"a": "Bearer ${ONE_HEADER}", "b": "$ONE_KEY", "c": 3}},
      "two": {"apiKey": "literal"},
      "three": {"apiKey": "${OPEN"}}})";
  EXPECT_THAT(find_models_json_variables(text, "one"), ElementsAre("ONE_HEADER", "ONE_KEY"));
  EXPECT_THAT(find_models_json_variables(text, "two"), IsEmpty());
  EXPECT_THAT(find_models_json_variables(text, "three"), IsEmpty());
  EXPECT_THAT(find_models_json_variables(text, "four"), IsEmpty());
  EXPECT_THAT(find_models_json_variables("{", "one"), IsEmpty());
  EXPECT_THAT(find_models_json_variables(R"({"providers": []})", "one"), IsEmpty());
}

}  // namespace
}  // namespace butler::config::variables_test
