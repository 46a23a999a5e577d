#include "policy/policy_text.hpp"

#include <gmock/gmock.h>

#include "policy/policy_test_support.hpp"

namespace butler::policy::policy_text_test {
namespace {

using testing::HasSubstr;

/// What is wrong with a file; "" when nothing is.
std::string problems(const std::string& text) {
  const auto policy = parse_policy(text);
  return policy ? std::string{} : to_text(policy.error());
}

std::string problems_of_rule(const std::string& members) {
  return problems(R"({"rules": [{"name": "a", "verdict": "deny", )" + members + "}]}");
}

TEST(PolicyText, AnEmptyObjectIsTheProfileBalanced) {
  const auto policy = parse_policy("{}").value();
  EXPECT_EQ(policy.profile, Profile::balanced);
  EXPECT_FALSE(policy.profile_rules.empty());
}

TEST(PolicyText, UnknownMembersAreErrorsWithTheirPath) {
  EXPECT_EQ(problems(R"({"rulez": []})"), "rulez: is not known here");
  EXPECT_EQ(problems_of_rule(R"("comands": ["rm"])"), "rules/0/comands: is not known here");
  EXPECT_EQ(problems(R"({"chats": {"1": {"host": []}}})"), "chats/1/host: is not known here");
  EXPECT_EQ(problems(R"({"sessions": {"s": {"rules": [{"name": "a", "verdict": "ask", "x": 1}]}}})"),
            "sessions/s/rules/0/x: is not known here");
}

TEST(PolicyText, WhatWouldSilentlyWeakenARuleIsAnError) {
  EXPECT_THAT(problems_of_rule(R"("tools": [])"), HasSubstr("rules/0/tools: must not be empty"));
  EXPECT_THAT(problems_of_rule(R"("roles": null)"), HasSubstr("rules/0/roles: must not be null"));
  EXPECT_THAT(problems_of_rule(R"("classes": ["destruction"])"),
              HasSubstr("rules/0/classes/0: unknown value 'destruction'"));
  EXPECT_THAT(problems_of_rule(R"("paths": ["a/../b"])"), HasSubstr("rules/0/paths/0"));
  EXPECT_THAT(problems_of_rule(R"("paths": ["a/"])"), HasSubstr("rules/0/paths/0"));
  EXPECT_THAT(problems_of_rule(R"("tools": ["mcp__*__x"])"), HasSubstr("rules/0/tools/0"));
  EXPECT_THAT(problems_of_rule(R"("commands": ["rm  -rf"])"), HasSubstr("rules/0/commands/0"));
  EXPECT_THAT(problems_of_rule(R"("hosts": ["https://a.example"])"), HasSubstr("rules/0/hosts/0"));
  EXPECT_THAT(problems_of_rule(R"("requesters": ["@ada"])"), HasSubstr("rules/0/requesters/0"));
  EXPECT_THAT(problems(R"({"rules": [{"name": "a", "verdict": "block"}]})"),
              HasSubstr("rules/0/verdict: unknown value"));
  EXPECT_THAT(problems(R"({"rules": [{"verdict": "deny"}]})"), HasSubstr("rules/0/name: is required"));
  EXPECT_THAT(problems(R"({"profile": "relaxed"})"), HasSubstr("profile: unknown value"));
  EXPECT_THAT(problems(R"({"chats": {"ada": {}}})"), HasSubstr("chats/ada: is no chat id"));
  EXPECT_THAT(problems(R"({"hosts": {"owner": []}})"), HasSubstr("hosts/owner: is none of"));
  EXPECT_THAT(problems(R"({"hosts": {"owners": ["*"]}})"), HasSubstr("hosts/owners/0"));
  EXPECT_NE(problems("{"), "");
  EXPECT_NE(problems("[]"), "");
}

TEST(PolicyText, AnAllowForEverythingIsAnError) {
  EXPECT_THAT(problems(R"({"rules": [{"name": "a", "verdict": "allow", "roles": ["owner"]}]})"),
              HasSubstr("rules/0/verdict: would allow everything"));
}

TEST(PolicyText, ANameIsThereOnceInItsLayer) {
  const std::string rule = R"({"name": "a", "verdict": "deny"})";
  EXPECT_THAT(problems(R"({"rules": [)" + rule + "," + rule + "]}"),
              HasSubstr("rules/1/name: is used twice"));
  EXPECT_EQ(problems(R"({"rules": [)" + rule + R"(], "chats": {"1": {"rules": [)" + rule + "]}}}"), "");
}

TEST(PolicyText, AllProblemsAreToldAtOnce) {
  const auto text = problems(R"({"x": 1, "rules": [{"name": "a", "verdict": "no", "y": 2}]})");
  EXPECT_THAT(text, HasSubstr("x: is not known here"));
  EXPECT_THAT(text, HasSubstr("rules/0/y: is not known here"));
  EXPECT_THAT(text, HasSubstr("rules/0/verdict"));
}

TEST(PolicyText, WhatInitWritesIsRight) {
  for (const auto profile : {Profile::careful, Profile::balanced, Profile::trusting}) {
    const auto policy = parse_policy(initial_policy(profile));
    ASSERT_TRUE(policy) << to_text(policy.error());
    EXPECT_EQ(policy->profile, profile);
  }
}

TEST(PolicyText, APolicyIsShownWithItsProfilesRules) {
  const auto shown = to_json(builtin_policy(Profile::careful));
  EXPECT_EQ(json::find_string(shown, "profile"), "careful");
  EXPECT_FALSE(json::find(shown, "profileRules")->as_array().empty());
}

}  // namespace
}  // namespace butler::policy::policy_text_test
