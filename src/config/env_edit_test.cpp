#include "config/env_edit.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <random>
#include <utility>

#include "config/env_file.hpp"
#include "unit/temp_folder.hpp"

namespace butler::config::env_edit_test {
namespace {

std::string edited(std::string_view text, std::string name, std::optional<std::string> value) {
  return edit_env(text, {{.name = std::move(name), .value = std::move(value)}}).value();
}

TEST(EnvEdit, ChangesAVariableInItsPlaceAndNothingElse) {
  struct Case {
    std::string before;
    std::string after;
  };
  const std::vector<Case> cases{
      {"", "A=new\n"},
      {"A=old\n", "A=new\n"},
      {"A=old", "A=new"},
      {"B=1\n# A word about A\n", "B=1\n# A word about A\nA=new\n"},
      {"B=1", "B=1\nA=new\n"},
      {"  export  A = old  # why\nB=2\n", "  export  A =new  # why\nB=2\n"},
      {"A='old # no comment'\t# why\n", "A=new\t# why\n"},
      {"A=\"a \\\" b\" # why\n", "A=new # why\n"},
      {"A=# nothing yet\n", "A=new # nothing yet\n"},
      {"A=\n", "A=new\n"},
      {"#A=example\nB=2\n", "#A=example\nA=new\nB=2\n"},
      {"# A = example", "# A = example\nA=new\n"},
      {"A=1\nB=2\nA=3\n", "A=new\nB=2\n"},
      {"A=\"never closed\nB=2\n", "A=new\nB=2\n"},
      {"B=2\r\n", "B=2\r\nA=new\r\n"},
      {"A=1\r\nB=2\r\n", "A=new\r\nB=2\r\n"},
      {"\xEF\xBB\xBF"
       "A=1\n",
       "\xEF\xBB\xBF"
       "A=new\n"},
      {"this is no line\nAA=1\n", "this is no line\nAA=1\nA=new\n"},
  };
  for (const auto& [before, after] : cases) EXPECT_EQ(edited(before, "A", "new"), after) << before;
}

TEST(EnvEdit, RemovesAVariableWhereverItStands) {
  EXPECT_EQ(edited("# one\nA=1\nB=2 # two\nexport A=3\n", "A", std::nullopt), "# one\nB=2 # two\n");
  EXPECT_EQ(edited("#A=1\n", "A", std::nullopt), "#A=1\n");
  EXPECT_EQ(edited("", "A", std::nullopt), "");
}

TEST(EnvEdit, WhatCannotBeWrittenIsRefusedWithoutShowingTheValue) {
  EXPECT_FALSE(edit_env("", {{.name = "NO NAME", .value = "x"}}));
  EXPECT_FALSE(edit_env("", {{.name = "1A", .value = "x"}}));
  const auto refused = edit_env("", {{.name = "A", .value = std::string{"secret\0x", 8}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().find("secret"), std::string::npos);
}

/// Pieces that have a meaning somewhere in the file.
std::string any_text(std::mt19937& random, std::size_t longest) {
  static const std::vector<std::string> pieces{"'",  "\"",      "\\", "#",  " #",   " ", "\t",
                                               "\n", "\r",      "=",  "$",  "`",    "A", "B",
                                               "n",  "export ", "ä",  "漢", "\xFF", "x", "\\n"};
  std::string text;
  for (auto left = random() % (longest + 1); left > 0; --left) text += pieces[random() % pieces.size()];
  return text;
}

TEST(EnvEdit, WhatIsWrittenIsReadBackTheSameWhateverItIs) {
  std::mt19937 random{1};
  for (int round = 0; round < 20'000; ++round) {
    const std::string value = any_text(random, 12);
    const auto read = parse_env_file("A=" + quote_env_value(value) + "\n", ".env");
    ASSERT_TRUE(read.problems.empty()) << value;
    ASSERT_EQ(read.variables.at("A").value, value);
  }
}

/// All but one variable: values, and what was wrong with which line.
std::string all_but_a(std::string_view text) {
  const auto read = parse_env_file(text, "");
  std::string seen;
  for (const auto& [name, entry] : read.variables) {
    if (name != "A") seen += name + "=" + entry.value + "\n";
  }
  return seen;
}

std::string any_file(std::mt19937& random) {
  std::string text;
  for (auto lines = random() % 6; lines > 0; --lines) {
    static const std::vector<std::string> openings{"A=", "B=", "C=", "export A=", "# ", "#A=", "", "A ="};
    std::string line = openings[random() % openings.size()] + any_text(random, 6);
    std::erase(line, '\n');
    text += line + (random() % 8 == 0 ? "\r\n" : "\n");
  }
  return text;
}

TEST(EnvEdit, InAnyFileTheVariableHasItsNewValueAndTheOthersKeepTheirs) {
  std::mt19937 random{2};
  for (int round = 0; round < 20'000; ++round) {
    const std::string before = any_file(random);
    const std::string value = any_text(random, 6);
    const std::string after = edited(before, "A", value);
    const auto read = parse_env_file(after, "");
    ASSERT_TRUE(read.variables.contains("A")) << before << "---\n" << after;
    ASSERT_EQ(read.variables.at("A").value, value) << before << "---\n" << after;
    ASSERT_EQ(all_but_a(before), all_but_a(after)) << before << "---\n" << after;
    for (const auto& problem : read.problems) ASSERT_NE(problem.name, "A") << "set twice:\n" << after;
    ASSERT_EQ(edited(after, "A", value), after) << "the same change again changes nothing";
    ASSERT_FALSE(parse_env_file(edited(after, "A", std::nullopt), "").variables.contains("A"));
  }
}

class EnvEditFile : public testing::Test {
 protected:
  std::string content() const {
    std::ifstream in{file_};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  unsigned mode() const {
    struct stat status{};
    EXPECT_EQ(::stat(file_.c_str(), &status), 0);
    return status.st_mode & 07777U;
  }

  std::pair<uid_t, gid_t> owner() const {
    struct stat status{};
    EXPECT_EQ(::stat(file_.c_str(), &status), 0);
    return {status.st_uid, status.st_gid};
  }

  test::TempFolder folder_;
  std::filesystem::path file_ = folder_.path() / ".env";
};

TEST_F(EnvEditFile, IsMadeForItsOwnerAlone) {
  ASSERT_TRUE(edit_env_file(file_, {{.name = "A", .value = "1"}}));
  EXPECT_EQ(content(), "A=1\n");
  EXPECT_EQ(mode(), 0600U);
}

TEST_F(EnvEditFile, IsItsOwnersAloneAfterwardsAlsoWhenItWasNot) {
  std::ofstream{file_} << "# mine\nB=2\n";
  ::chmod(file_.c_str(), 0644);
  ASSERT_TRUE(edit_env_file(file_, {{.name = "A", .value = "1"}}));
  EXPECT_EQ(content(), "# mine\nB=2\nA=1\n");
  EXPECT_EQ(mode(), 0600U);
}

TEST_F(EnvEditFile, StaysItsOwnersWhenRootChangesIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can take a file away";
  std::ofstream{file_} << "B=2\n";
  ASSERT_EQ(::chown(file_.c_str(), 4'001, 4'002), 0);
  ASSERT_TRUE(edit_env_file(file_, {{.name = "A", .value = "1"}}));
  EXPECT_EQ(owner(), std::pair(4'001U, 4'002U));
  EXPECT_EQ(mode(), 0600U);
}

TEST_F(EnvEditFile, IsTheCheckoutsOwnersWhenRootMakesIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(::chown(folder_.path().c_str(), 4'001, 4'002), 0);
  ASSERT_TRUE(edit_env_file(file_, {{.name = "A", .value = "1"}}));
  EXPECT_EQ(owner(), std::pair(0U, 0U)) << "no checkout: a home of root's roles may be another user's, too";
  std::filesystem::remove(file_);
  std::filesystem::create_directories(folder_.path() / "src");
  std::filesystem::create_directories(folder_.path() / "runtime");
  std::ofstream{folder_.path() / "CMakeLists.txt"} << "#";
  std::ofstream{folder_.path() / "runtime/package.json"} << "{}";
  ASSERT_TRUE(edit_env_file(file_, {{.name = "A", .value = "1"}}));
  EXPECT_EQ(owner(), std::pair(4'001U, 4'002U));
}

TEST_F(EnvEditFile, StaysAsItIsWhenAChangeCannotBeMade) {
  std::ofstream{file_} << "B=2\n";
  EXPECT_FALSE(edit_env_file(file_, {{.name = "A", .value = "1"}, {.name = "=", .value = "1"}}));
  EXPECT_EQ(content(), "B=2\n");
}

TEST_F(EnvEditFile, IsNeverReplacedWhereItIsALink) {
  const auto target = folder_.path() / "target";
  std::ofstream{target} << "B=2\n";
  std::filesystem::create_symlink(target, file_);
  EXPECT_FALSE(edit_env_file(file_, {{.name = "A", .value = "1"}}));
  EXPECT_EQ(content(), "B=2\n");
}

}  // namespace
}  // namespace butler::config::env_edit_test
