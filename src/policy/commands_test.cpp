#include <gmock/gmock.h>

#include <array>
#include <fstream>
#include <iterator>
#include <set>

#include "domain/enum_name.hpp"
#include "json/codec.hpp"
#include "policy/describe.hpp"
#include "policy/policy.hpp"
#include "policy/policy_test_support.hpp"

/// The commands of testdata/commands.json: what each does, and what each profile answers. Those that are not
/// harmless are ways around lists of allowed words.
namespace butler::policy::commands_test {

struct CommandCase {
  std::string command;
  bool harmless = false;
  std::vector<CommandClass> classes;
  bool wrapper = false;
  Verdict careful = Verdict::ask;
  Verdict balanced = Verdict::ask;
  Verdict trusting = Verdict::ask;
};
BOOST_DESCRIBE_STRUCT(CommandCase, (), (command, harmless, classes, wrapper, careful, balanced, trusting))

namespace {

std::vector<CommandCase> cases() {
  std::ifstream file{BUTLER_SOURCE_DIR "/src/policy/testdata/commands.json"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  return json::decode<std::vector<CommandCase>>(json::parse(text).value()).value();
}

Verdict answer(Profile profile, const std::string& command) {
  static const std::array policies{builtin_policy(Profile::careful), builtin_policy(Profile::balanced),
                                   builtin_policy(Profile::trusting)};
  return decide(policies.at(static_cast<std::size_t>(profile)), about_command(command)).verdict;
}

TEST(Commands, EachHasItsClassesAndItsAnswerInEachProfile) {
  for (const auto& one : cases()) {
    SCOPED_TRACE(one.command);
    const auto decision = decide(builtin_policy(Profile::balanced), about_command(one.command));
    EXPECT_EQ(decision.classes, std::set(one.classes.begin(), one.classes.end())) << decision.reason;
    EXPECT_EQ(decision.wrapper, one.wrapper) << decision.reason;
    EXPECT_EQ(decision.verdict, one.balanced) << decision.reason;
    EXPECT_EQ(answer(Profile::careful, one.command), one.careful);
    EXPECT_EQ(answer(Profile::trusting, one.command), one.trusting);
  }
}

TEST(Commands, NoWayAroundIsAllowedAndNothingHarmlessIsAskedFor) {
  std::size_t harmless = 0;
  std::size_t others = 0;
  for (const auto& one : cases()) {
    SCOPED_TRACE(one.command);
    ++(one.harmless ? harmless : others);
    if (one.harmless) {
      EXPECT_EQ(answer(Profile::balanced, one.command), Verdict::allow);
    } else {
      EXPECT_NE(answer(Profile::balanced, one.command), Verdict::allow);
      EXPECT_NE(answer(Profile::careful, one.command), Verdict::allow);
    }
  }
  EXPECT_GE(harmless, 60U);
  EXPECT_GE(others, 250U);
}

TEST(Commands, TrustingAsksForDestructionPrivilegeAndWhatIsNotUnderstood) {
  for (const auto& one : cases()) {
    SCOPED_TRACE(one.command);
    const std::set classes(one.classes.begin(), one.classes.end());
    if (classes.contains(CommandClass::destructive) || classes.contains(CommandClass::privilege) ||
        classes.contains(CommandClass::unknown)) {
      EXPECT_NE(answer(Profile::trusting, one.command), Verdict::allow);
    }
  }
}

TEST(Commands, AStricterProfileNeverAnswersMoreLoosely) {
  for (const auto& one : cases()) {
    SCOPED_TRACE(one.command);
    EXPECT_GE(answer(Profile::careful, one.command), answer(Profile::balanced, one.command));
    EXPECT_GE(answer(Profile::balanced, one.command), answer(Profile::trusting, one.command));
  }
}

TEST(Commands, WhatIsExecutedIsNamedByItsWholePath) {
  const auto files = [](const std::string& command) {
    return decide(builtin_policy(Profile::balanced), about_command(command)).executed_files;
  };
  const std::string workspace = question().workspace;
  EXPECT_THAT(files("./build.sh"), testing::ElementsAre(workspace + "/build.sh"));
  EXPECT_THAT(files("cd sub && bash ../x.sh"), testing::ElementsAre(workspace + "/x.sh"));
  EXPECT_THAT(files("timeout 5 python3 a/b.py --c"), testing::ElementsAre(workspace + "/a/b.py"));
  EXPECT_THAT(files("make test"), testing::ElementsAre(workspace + "/Makefile"));
  EXPECT_THAT(files("source env.sh; ./run"), testing::Contains(workspace + "/env.sh"));
  EXPECT_THAT(files("ls"), testing::IsEmpty());
}

TEST(Commands, AnEndlessOrEnormousCommandIsAskedForAndCostsLittle) {
  const std::string deep(100'000, '(');
  std::string nested = "rm -rf build";
  for (int i = 0; i < 20; ++i) nested = "eval " + nested;
  std::string loops;
  for (int i = 0; i < 30; ++i) loops += "for x in a b; do ";
  std::string many;
  for (int i = 0; i < 6'000; ++i) many += "ls;";
  for (const auto& command : {deep, nested, loops, many, std::string(80'000, 'a'), std::string{"a\0b", 3}}) {
    const auto decision = decide(builtin_policy(Profile::trusting), about_command(command));
    EXPECT_EQ(decision.verdict, Verdict::ask) << command.substr(0, 40);
  }
}

}  // namespace
}  // namespace butler::policy::commands_test
