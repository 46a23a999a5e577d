#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <fstream>
#include <iterator>

#include "json/value.hpp"
#include "policy/policy.hpp"
#include "policy/policy_test_support.hpp"

/// What holds for every command, whatever it is.
namespace butler::policy::property_test {
namespace {

const std::vector<std::string>& commands() {
  static const auto all = [] {
    std::ifstream file{BUTLER_SOURCE_DIR "/src/policy/testdata/commands.json"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    std::vector<std::string> found;
    const auto cases = json::parse(text).value();
    for (const auto& one : cases.as_array())
      found.emplace_back(std::string_view{one.at("command").as_string()});
    return found;
  }();
  return all;
}

rc::Gen<std::string> any_command() { return rc::gen::elementOf(commands()); }

/// One that can stand within others: it is understood, and holds no here-document.
rc::Gen<std::string> whole_command() {
  return rc::gen::suchThat(any_command(), [](const std::string& text) {
    return text.find("<<") == std::string::npos && text.find('#') == std::string::npos &&
           text.find("unclosed") == std::string::npos && text.find("echo $(") != 0 && text != "if true; then";
  });
}

rc::Gen<Profile> any_profile() {
  return rc::gen::element(Profile::careful, Profile::balanced, Profile::trusting);
}

Decision decided(Profile profile, const std::string& command) {
  static const std::array policies{builtin_policy(Profile::careful), builtin_policy(Profile::balanced),
                                   builtin_policy(Profile::trusting)};
  return decide(policies.at(static_cast<std::size_t>(profile)), about_command(command));
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

RC_GTEST_PROP(PolicyProperty, WrappingACommandNeverMakesItLooser, ()) {
  const auto command = *whole_command();
  const auto profile = *any_profile();
  const auto wrapped = *rc::gen::element<std::string>(
      "sh -c " + quoted(command), "env bash -c " + quoted(command), "timeout 5 sh -c " + quoted(command),
      "eval " + quoted(command), "(" + command + "\n)", "{ " + command + "\n}",
      "if true; then " + command + "\nfi", "x=$(" + command + "\n)", "echo \"$(" + command + "\n)\"",
      "ls | { " + command + "\n}", "true && { " + command + "\n}", "false || { " + command + "\n}",
      "for i in 1; do " + command + "\ndone", "f() { " + command + "\n}; f",
      "nohup sh -c " + quoted(command) + " &", "find . -exec sh -c " + quoted(command) + " \\;",
      "ls | xargs -I{} sh -c " + quoted(command), "sudo sh -c " + quoted(command),
      "sh <<< " + quoted(command));
  RC_ASSERT(decided(profile, wrapped).verdict >= decided(profile, command).verdict);
}

RC_GTEST_PROP(PolicyProperty, TwoCommandsAreAsStrictAsTheStricterOne, ()) {
  const auto first = *whole_command();
  const auto second = *whole_command();
  const auto profile = *any_profile();
  const auto between = *rc::gen::element<std::string>("\n", "\n\n", "\n#x\n");
  const auto both = decided(profile, first + between + second);
  // What comes second stands in another folder after a `cd`; the first is as it was.
  RC_ASSERT(both.verdict >= decided(profile, first).verdict);
}

RC_GTEST_PROP(PolicyProperty, QuotationMarksDoNotChangeWhatAWordMeans, ()) {
  static const std::vector<std::vector<std::string>> all{
      {"rm", "-rf", "build"}, {"cat", "src/x.c"},    {"curl", "http://a.example"},
      {"sudo", "ls"},         {"cp", "a", "/etc/x"}, {"git", "push", "--force"},
      {"npm", "install"},     {"frobnicate", "x"},   {"cat", "/etc/shadow"}};
  const auto words = *rc::gen::elementOf(all);
  std::string plain;
  std::string disguised;
  for (const auto& word : words) {
    plain += word + ' ';
    const auto at = *rc::gen::inRange<std::size_t>(0, word.size());
    const auto head = word.substr(0, at);
    const auto tail = word.substr(at);
    disguised += *rc::gen::element<std::string>("'" + word + "'", "\"" + word + "\"", head + "''" + tail,
                                                head + "\\" + tail, head + "\\\n" + tail, "$'" + word + "'",
                                                head + "\"\"" + tail);
    disguised += *rc::gen::element<std::string>(" ", "  ", "\t", " \\\n ");
  }
  const auto profile = *any_profile();
  RC_ASSERT(decided(profile, disguised).classes == decided(profile, plain).classes);
  RC_ASSERT(decided(profile, disguised).verdict == decided(profile, plain).verdict);
}

RC_GTEST_PROP(PolicyProperty, AnyBytesComeToAnAnswerAndDestructionIsNeverAllowed, ()) {
  const auto noise = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string{"ab \n\t;&|<>(){}[]$`'\"\\*?~#=!-/.,x0"}));
  decided(Profile::trusting, noise);
  RC_ASSERT(decided(Profile::trusting, "rm -rf /srv\n" + noise).verdict != Verdict::allow);
}

RC_GTEST_PROP(PolicyProperty, APolicyWithMoreDenialsIsNeverLooser, ()) {
  const auto command = *any_command();
  auto policy = builtin_policy(*any_profile());
  const auto before = decide(policy, about_command(command)).verdict;
  const auto denied = *rc::gen::element(CommandClass::read, CommandClass::network, CommandClass::unknown);
  policy.chats["7"].rules.push_back({.name = "no", .verdict = Verdict::deny, .classes = {denied}});
  RC_ASSERT(decide(policy, about_command(command)).verdict >= before);
}

}  // namespace
}  // namespace butler::policy::property_test
