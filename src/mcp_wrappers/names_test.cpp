#include "mcp_wrappers/names.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "unit/temp_folder.hpp"

namespace butler::mcp_wrappers::names_test {
namespace {

using testing::HasSubstr;

TEST(WrapperNames, AreThoseOfCommands) {
  for (const char* const name : {"everything", "fs", "a.b", "my_server-2", "7z-server", "X"})
    EXPECT_EQ(spelling_problem(name), std::nullopt) << name;
  for (const std::string& name :
       {std::string{}, std::string{"."}, std::string{".."}, std::string{".hidden"}, std::string{"-rf"},
        std::string{"a/b"}, std::string{"a b"}, std::string{"a\nb"}, std::string{"a;b"}, std::string{"ä"},
        std::string{"a\0b", 3}, std::string(65, 'a')})
    EXPECT_NE(spelling_problem(name), std::nullopt) << name;
}

TEST(WrapperNames, DoNotStandBeforeAProgramOnThePath) {
  const test::TempFolder folder;
  std::ofstream{folder.path() / "weather"} << "#!/bin/sh\n";
  const auto path = "/nowhere:" + folder.path().string() + ":/also-nowhere";
  const auto problem = shadowing_problem("weather", path);
  ASSERT_TRUE(problem);
  EXPECT_THAT(*problem, HasSubstr((folder.path() / "weather").string()));
  EXPECT_EQ(shadowing_problem("everything", path), std::nullopt);
  EXPECT_EQ(shadowing_problem("everything", ""), std::nullopt);
}

TEST(WrapperNames, DoNotMeanSomethingToTheShellOrToThePolicy) {
  for (const char* const name :
       {"if", "done", "cd", "test", "env", "git", "rm", "sudo", "butler", "node", "curl"})
    EXPECT_TRUE(shadowing_problem(name, "")) << name;
}

}  // namespace
}  // namespace butler::mcp_wrappers::names_test
