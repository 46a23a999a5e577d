#include "config/env_file.hpp"

#include <gmock/gmock.h>

namespace butler::config::env_file_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(EnvFile, AValueIsReadAsItIsMeant) {
  struct Case {
    std::string line;
    std::string value;
  };
  const std::vector<Case> cases{
      {"A=1", "1"},
      {"A=", ""},
      {"  A = 1  ", "1"},
      {"export A=1", "1"},
      {"export\tA=1", "1"},
      {"A=two words", "two words"},
      {"A=1 # a comment", "1"},
      {"A=1#no comment", "1#no comment"},
      {"A=#nothing", ""},
      {"A= # nothing", ""},
      {"A='a #key'", "a #key"},
      {R"(A='C:\n')", R"(C:\n)"},
      {R"(A="two\nlines\t\"quoted\" \\ \$5")", "two\nlines\t\"quoted\" \\ $5"},
      {R"(A="\d stays")", R"(\d stays)"},
      {"A=\"x\" # a comment", "x"},
      {"A=''", ""},
      {"A=don't", "don't"},
      {"A=a=b==", "a=b=="},
      {"A=1\r", "1"},
      {"\xEF\xBB\xBF"
       "A=1",
       "1"},
      {"A=$HOME", "$HOME"},
  };
  for (const auto& row : cases) {
    const auto file = parse_env_file(row.line, ".env");
    EXPECT_THAT(file.problems, IsEmpty()) << row.line;
    ASSERT_TRUE(file.variables.contains("A")) << row.line;
    EXPECT_EQ(file.variables.at("A"), (Entry{row.value, ".env:1"})) << row.line;
  }
}

TEST(EnvFile, EmptyLinesAndCommentsAreNothing) {
  const auto file = parse_env_file("\n   \n# A=1\n  # B=2\n\r\n", ".env");
  EXPECT_THAT(file.variables, IsEmpty());
  EXPECT_THAT(file.problems, IsEmpty());
}

TEST(EnvFile, EveryBadLineIsNamedAndTheOthersAreRead) {
  const auto file =
      parse_env_file("A=1\nno equals\n=2\n1A=3\nB='open\nC=\"x\" y\nD='a'b\nA=4\nE=5\n", "dir/.env");
  EXPECT_EQ(file.variables, (Environment{{"A", {"1", "dir/.env:1"}}, {"E", {"5", "dir/.env:9"}}}));
  std::vector<std::string> texts;
  for (const auto& problem : file.problems) texts.push_back(problem.text());
  EXPECT_THAT(texts, ElementsAre("dir/.env:2: expected NAME=value or a # comment",
                                 "dir/.env:3: expected NAME=value or a # comment",
                                 "dir/.env:4: expected NAME=value or a # comment",
                                 "dir/.env:5: the quote ' is not closed on this line",
                                 "dir/.env:6: there is text after the closing \"",
                                 "dir/.env:7: there is text after the closing '",
                                 "A (dir/.env:8): is set already, at dir/.env:1"));
}

TEST(EnvFile, NoProblemRepeatsAValue) {
  for (const std::string line : {"KEY 'hunter2-hunter2", "KEY='hunter2-hunter2", "KEY=\"hunter2\" hunter2",
                                 "KEY=hunter2\nKEY=hunter2", "hunter2"}) {
    for (const auto& problem : parse_env_file(line, ".env").problems) {
      EXPECT_THAT(problem.text(), testing::Not(testing::HasSubstr("hunter2"))) << line;
    }
  }
}

}  // namespace
}  // namespace butler::config::env_file_test
