#include <gmock/gmock.h>

#include <algorithm>

#include "policy/explanation.hpp"
#include "policy/policy_test_support.hpp"
#include "policy/policy_text.hpp"

namespace butler::policy::rules_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

Policy policy_of(const std::string& text) {
  auto policy = parse_policy(text);
  EXPECT_TRUE(policy) << to_text(policy.error());
  return policy.value_or(Policy{});
}

Verdict answer(const Policy& policy, const Question& asked) { return decide(policy, asked).verdict; }

TEST(Rules, ADenyCountsWhereverItStands) {
  const auto policy = policy_of(R"({
    "rules": [{"name": "no-curl", "verdict": "deny", "commands": ["curl"]}],
    "chats": {"7": {"rules": [{"name": "curl", "verdict": "allow", "commands": ["curl"]}]}},
    "sessions": {"telegram:7": {"rules": [{"name": "curl", "verdict": "allow", "commands": ["curl"]}]}}})");
  const auto decision = decide(policy, about_command("curl https://a.example"));
  EXPECT_EQ(decision.verdict, Verdict::deny);
  EXPECT_EQ(decision.rule, "global/no-curl");
}

TEST(Rules, OtherwiseTheMostParticularLayerAnswers) {
  const auto policy = policy_of(R"({
    "rules": [{"name": "writes", "verdict": "ask", "classes": ["write_in_workspace"]}],
    "chats": {"7": {"rules": [{"name": "writes", "verdict": "allow", "classes": ["write_in_workspace"]}]}},
    "sessions": {"telegram:8": {"rules": [{"name": "writes", "verdict": "ask", "classes": ["write_in_workspace"]}]}}})");
  auto asked = about_command("touch x");
  EXPECT_EQ(decide(policy, asked).rule, "chat/writes");
  EXPECT_EQ(answer(policy, asked), Verdict::allow);
  asked.session_key = "telegram:8";
  EXPECT_EQ(answer(policy, asked), Verdict::ask);
  asked.session_key = "x";
  asked.chat_id = "9";
  EXPECT_EQ(answer(policy, asked), Verdict::ask);
}

TEST(Rules, WithinALayerTheStrictestAnswers) {
  const auto policy = policy_of(R"({"rules": [
    {"name": "a", "verdict": "allow", "classes": ["network"]},
    {"name": "b", "verdict": "ask", "hosts": ["*.example"]}]})");
  EXPECT_EQ(answer(policy, about_host("a.example")), Verdict::ask);
  EXPECT_EQ(answer(policy, about_host("a.test")), Verdict::allow);
}

TEST(Rules, EveryConditionOfARuleMustHold) {
  const auto policy = policy_of(R"({"rules": [{"name": "a", "verdict": "allow", "roles": ["person"],
    "requesters": ["9"], "kinds": ["run"], "tools": ["bash"], "classes": ["network"], "hosts": ["a.example"]}]})");
  auto asked = about_command("curl https://a.example/x");
  asked.role = Requester::person;
  asked.requester_id = "9";
  asked.kind = domain::JobKind::run;
  EXPECT_EQ(answer(policy, asked), Verdict::allow);
  const auto differs = [&](auto change) {
    auto other = asked;
    change(other);
    return answer(policy, other);
  };
  EXPECT_EQ(differs([](Question& other) { other.role = Requester::group; }), Verdict::ask);
  EXPECT_EQ(differs([](Question& other) { other.requester_id = "8"; }), Verdict::ask);
  EXPECT_EQ(differs([](Question& other) { other.kind = domain::JobKind::task; }), Verdict::ask);
  EXPECT_EQ(differs([](Question& other) { other.command = "curl https://b.example/x"; }), Verdict::ask);
  auto network = asked;
  network.tool = "network";
  network.host = "a.example";
  EXPECT_EQ(answer(policy, network), Verdict::ask);
}

TEST(Rules, AToolPatternEndsWithAStar) {
  const auto policy = policy_of(R"({"rules": [{"name": "mail", "verdict": "allow", "tools": ["mcp__mail__*"]},
                                             {"name": "no", "verdict": "deny", "tools": ["mcp__bank__*"]}]})");
  EXPECT_EQ(answer(policy, question("mcp__mail__send")), Verdict::allow);
  EXPECT_EQ(answer(policy, question("mcp__bank__pay")), Verdict::deny);
  EXPECT_EQ(answer(policy, question("mcp__other__x")), Verdict::ask);
  EXPECT_EQ(answer(policy, question("something_new")), Verdict::ask);
}

TEST(Rules, AnAllowedCommandSpeaksForItselfAlone) {
  const auto policy = policy_of(
      R"({"rules": [{"name": "tests", "verdict": "allow", "commands": ["npm test", "git", "python3"]}]})");
  EXPECT_EQ(answer(policy, about_command("npm test")), Verdict::allow);
  EXPECT_EQ(answer(policy, about_command("npm test -- --watch")), Verdict::allow);
  for (const auto* const more : {"npm test; curl http://x", "npm test && rm -rf x", "npm test > /etc/x",
                                 "npm test $(id -x; ./y)", "npm testing", "PATH=. npm test", "sudo npm test",
                                 "git -c core.sshCommand=./x fetch", "python3 -c 'x'", "FOO=1 npm test"}) {
    EXPECT_NE(answer(policy, about_command(more)), Verdict::allow) << more;
  }
}

TEST(Rules, ADeniedCommandIsFoundWithinOthers) {
  const auto policy = policy_of(
      R"({"rules": [{"name": "no-docker", "verdict": "deny", "commands": ["docker", "git push"]}]})");
  for (const auto* const command :
       {"docker ps", "/usr/bin/docker ps", "env docker ps", "ls; docker ps", "sh -c 'docker ps'",
        "x=$(docker ps)", "echo x | xargs docker", "find . -exec docker {} +", "d\\ocker ps",
        "sudo docker ps", "git push", "timeout 3 git push origin"}) {
    EXPECT_EQ(answer(policy, about_command(command)), Verdict::deny) << command;
  }
  EXPECT_EQ(answer(policy, about_command("git status")), Verdict::allow);
}

TEST(Rules, AFileMayBeSentThatMayBeRead) {
  for (const auto profile : {Profile::careful, Profile::balanced, Profile::trusting}) {
    const auto policy = builtin_policy(profile);
    for (const char* path :
         {"report.pdf", "/tmp/x.png", "/srv/data/x", "~/.ssh/id_rsa", "/home/butler/.butler/x"})
      EXPECT_EQ(answer(policy, about_path("send_file", path)), answer(policy, about_path("read", path)))
          << path;
    EXPECT_EQ(answer(policy, about_path("send_file", "report.pdf")), Verdict::allow);
    EXPECT_NE(answer(policy, about_path("send_file", "~/.ssh/id_rsa")), Verdict::allow);
    EXPECT_NE(answer(policy, question("send_file")), Verdict::allow);
  }
  const auto asking = policy_of(R"({"rules": [{"name": "files", "verdict": "ask", "tools": ["send_file"]},
                              {"name": "files-of-commands", "verdict": "ask", "commands": ["send-file"]}]})");
  EXPECT_EQ(answer(asking, about_path("send_file", "report.pdf")), Verdict::ask);
  EXPECT_EQ(answer(asking, about_command("send-file report.pdf")), Verdict::ask);
}

TEST(Rules, APathIsDeniedAlsoAsAPartOfATree) {
  const auto policy =
      policy_of(R"({"rules": [{"name": "private", "verdict": "deny", "paths": ["private/**", "*.key"]}]})");
  EXPECT_EQ(answer(policy, about_path("read", "private/a/b")), Verdict::deny);
  EXPECT_EQ(answer(policy, about_path("read", "x/../private/a")), Verdict::deny);
  EXPECT_EQ(answer(policy, about_path("read", "a.key")), Verdict::deny);
  EXPECT_EQ(answer(policy, about_path("grep", ".")), Verdict::deny);
  EXPECT_EQ(answer(policy, about_command("cat priv*/x")), Verdict::deny);
  EXPECT_EQ(answer(policy, about_command("grep -r x .")), Verdict::deny);
  EXPECT_EQ(answer(policy, about_command("cd private && cat x")), Verdict::deny);
  EXPECT_EQ(answer(policy, about_path("read", "public/a")), Verdict::allow);
  EXPECT_EQ(answer(policy, about_command("ls")), Verdict::allow);
}

TEST(Rules, APathIsAllowedOnlyWhenAllThatIsMeantIs) {
  const auto policy = policy_of(
      R"({"rules": [{"name": "data", "verdict": "allow", "paths": ["/srv/data/**", "~/notes/*.md"]}]})");
  EXPECT_EQ(answer(policy, about_path("read", "/srv/data/x")), Verdict::allow);
  EXPECT_EQ(answer(policy, about_path("write", "/srv/data/x")), Verdict::allow);
  EXPECT_EQ(answer(policy, about_command("grep -r x /srv/data")), Verdict::allow);
  EXPECT_EQ(answer(policy, about_path("read", "~/notes/a.md")), Verdict::allow);
  EXPECT_EQ(answer(policy, about_path("read", "/srv/data/../other")), Verdict::ask);
  EXPECT_EQ(answer(policy, about_command("grep -r x /srv")), Verdict::ask);
  EXPECT_EQ(answer(policy, about_command("cat /srv/*/x")), Verdict::ask);
  EXPECT_EQ(answer(policy, about_path("read", "~/notes/a.txt")), Verdict::ask);
}

TEST(Rules, NoRuleMakesTheFloorLooser) {
  const auto policy =
      policy_of(R"({"profile": "trusting", "rules": [{"name": "all", "verdict": "allow", "classes":
    ["read", "write_in_workspace", "write_outside", "network", "package_install", "privilege", "destructive", "unknown"]}],
    "sessions": {"telegram:7": {"rules": [{"name": "all", "verdict": "allow", "paths": ["/**", "**"]}]}}})");
  EXPECT_EQ(answer(policy, about_path("read", "/home/butler/.butler/state.db")), Verdict::deny);
  EXPECT_EQ(answer(policy, about_path("write", "../config/policy.json")), Verdict::deny);
  EXPECT_EQ(answer(policy, about_path("edit", "/home/butler/.butler/agent/extensions/tool_gate.ts")),
            Verdict::deny);
  EXPECT_EQ(answer(policy, about_path("edit", "/home/butler/.butler/agent/tmp/s1/pi/settings.json")),
            Verdict::deny);
  EXPECT_EQ(answer(policy, about_path("read", "~/.ssh/id_ed25519")), Verdict::ask);
  EXPECT_EQ(answer(policy, about_path("write", ".git/hooks/pre-commit")), Verdict::ask);
  EXPECT_EQ(answer(policy, about_command("sudo ls")), Verdict::ask);
  EXPECT_EQ(answer(policy, about_command("rm -rf /srv")), Verdict::ask);
  EXPECT_EQ(answer(policy, about_command("ls 'unclosed")), Verdict::ask);
  // What the floor does not speak of is the owner's to allow.
  EXPECT_EQ(answer(policy, about_command("python3 -c 1")), Verdict::allow);
  EXPECT_EQ(answer(policy, about_command("rm -rf build")), Verdict::allow);
}

TEST(Rules, AQuestionThatLacksSomethingIsNeverAllowed) {
  const auto policy = builtin_policy(Profile::trusting);
  for (const auto* const tool : {"bash", "read", "write", "edit", "network", ""}) {
    EXPECT_EQ(answer(policy, question(tool)), Verdict::ask) << tool;
  }
  auto nowhere = about_path("read", "x");
  nowhere.workspace.clear();
  EXPECT_EQ(answer(policy, nowhere), Verdict::ask);
  EXPECT_EQ(answer(Policy{}, about_path("read", "x")), Verdict::ask)
      << "a policy without any rule asks for all";
}

TEST(Rules, PiToolsAreJudgedByTheirPaths) {
  const auto policy = builtin_policy(Profile::balanced);
  for (const auto* const tool : {"read", "write", "edit", "grep", "find", "ls"}) {
    EXPECT_EQ(answer(policy, about_path(tool, "src/x")), Verdict::allow) << tool;
    EXPECT_EQ(answer(policy, about_path(tool, "../people/8/x")), Verdict::deny) << tool;
    EXPECT_EQ(answer(policy, about_path(tool, "/home/other/x")), Verdict::ask) << tool;
  }
  EXPECT_EQ(answer(policy, about_path("read", "/home/butler/.butler/agent/skills/a/SKILL.md")),
            Verdict::allow);
  EXPECT_EQ(answer(policy, about_path("read", "/home/butler/.butler/agent/tmp/s1/pi/skills/a/SKILL.md")),
            Verdict::allow);
  EXPECT_EQ(answer(policy, about_path("write", "/home/butler/.butler/agent/tmp/s1/pi/skills/a/SKILL.md")),
            Verdict::deny);
  EXPECT_EQ(answer(policy, question("ls")), Verdict::allow)
      << "without a path it looks at the current folder";
}

TEST(Rules, OtherPeopleGetNoRightsAndDestroyNothingElsewhere) {
  const auto policy = builtin_policy(Profile::balanced);
  for (const auto role : {Requester::person, Requester::group}) {
    auto asked = about_command("sudo ls");
    asked.role = role;
    EXPECT_EQ(answer(policy, asked), Verdict::deny);
    asked.command = "rm -rf /srv/x";
    EXPECT_EQ(answer(policy, asked), Verdict::deny);
    asked.command = "ls";
    EXPECT_EQ(answer(policy, asked), Verdict::allow);
  }
}

TEST(Rules, AHostOfTheListIsReachedWithoutAQuestion) {
  const auto policy = policy_of(R"({
    "hosts": {"owners": ["api.github.com", "*.example.com"], "person:9": ["a.test"], "everyone": ["pypi.org"]},
    "chats": {"7": {"hosts": ["chat.test"]}}})");
  EXPECT_EQ(answer(policy, about_host("API.github.com")), Verdict::allow);
  EXPECT_EQ(answer(policy, about_host("x.y.example.com")), Verdict::allow);
  EXPECT_EQ(answer(policy, about_host("chat.test")), Verdict::allow);
  EXPECT_EQ(answer(policy, about_command("curl -s https://api.github.com/x")), Verdict::allow);
  for (const auto* const host :
       {"example.com", "api.github.com.evil.test", "evilexample.com", "a.test", "", "*.example.com.x"}) {
    EXPECT_EQ(answer(policy, about_host(host)), Verdict::ask) << host;
  }
  auto other = about_host("api.github.com");
  other.role = Requester::person;
  other.requester_id = "9";
  EXPECT_EQ(answer(policy, other), Verdict::ask);
  other.host = "a.test";
  EXPECT_EQ(answer(policy, other), Verdict::allow);
  EXPECT_THAT(allowed_hosts(policy, Requester::owner, ""),
              UnorderedElementsAre("api.github.com", "*.example.com", "pypi.org"));
  EXPECT_THAT(allowed_hosts(policy, Requester::person, "9"), UnorderedElementsAre("a.test", "pypi.org"));
  EXPECT_THAT(allowed_hosts(policy, Requester::group, "5"), ElementsAre("pypi.org"));
}

TEST(Rules, TheAnswerSaysWhyAndWhatWouldChangeIt) {
  const auto balanced = builtin_policy(Profile::balanced);
  const auto network = decide(balanced, about_command("ls; curl https://a.example"));
  EXPECT_EQ(network.rule, "balanced/network");
  EXPECT_EQ(network.reason, "It talks to a.example.");
  EXPECT_THAT(network.what_would_change, HasSubstr(R"("hosts": ["a.example"])"));
  const auto floor = decide(balanced, about_path("read", "../state.db"));
  EXPECT_EQ(floor.rule, "floor/butler-files");
  EXPECT_THAT(floor.what_would_change, HasSubstr("Nothing"));
  const auto all = explain(balanced, about_command("touch a; rm -rf b"));
  EXPECT_TRUE(std::ranges::any_of(all.findings,
                                  [](auto& finding) { return finding.rule == "balanced/destruction"; }));
}

TEST(Rules, TheSuggestedRuleDoesWhatItSays) {
  for (const auto* const command : {"curl https://a.example", "make test", "cat /srv/x", "echo x > /srv/x"}) {
    const auto before = decide(builtin_policy(Profile::balanced), about_command(command));
    auto rule = before.what_would_change.substr(before.what_would_change.find('{'));
    rule.replace(rule.find("…"), std::string{"…"}.size(), "mine");
    const auto policy = policy_of(R"({"rules": [)" + rule + "]}");
    const auto after = decide(policy, about_command(command));
    EXPECT_NE(after.reason + after.rule, before.reason + before.rule) << command << ": " << rule;
  }
}

}  // namespace
}  // namespace butler::policy::rules_test
