#include "worker/memory.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <ctime>

#include "worker/test_support.hpp"

namespace butler::worker::memory_test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing_support::file_content;
using testing_support::write_file;

class MemoryTest : public testing::Test {
 protected:
  MemorySnapshot open(const std::string& date = "2026-11-22") { return memory.open_day(date); }

  testing_support::TempFolder folder;
  fs::path workspace = folder.path();
  Memory memory{workspace};
};

TEST_F(MemoryTest, MissingFilesAreCreatedPrivate) {
  const auto snapshot = open();

  EXPECT_THAT(file_content(workspace / "SOUL.md"), HasSubstr("Butler"));
  EXPECT_TRUE(fs::exists(workspace / "MEMORY.md"));
  EXPECT_EQ(file_content(workspace / "memory/2026-11-22.md"), "# 2026-11-22\n");
  EXPECT_EQ(snapshot.files[2].name, "memory/2026-11-22.md");
  struct stat status{};
  ASSERT_EQ(::stat((workspace / "SOUL.md").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(MemoryTest, WhatIsThereStaysAsItIs) {
  write_file(workspace / "SOUL.md", "You are a parrot.\n");
  const auto snapshot = open();
  EXPECT_EQ(file_content(workspace / "SOUL.md"), "You are a parrot.\n");
  EXPECT_EQ(snapshot.files[0].content, "You are a parrot.\n");
}

TEST_F(MemoryTest, LinksAndFifosOfTheAgentAreNotRead) {
  write_file(workspace / "secret", "secret text");
  fs::create_symlink(workspace / "secret", workspace / "SOUL.md");
  ASSERT_EQ(::mkfifo((workspace / "MEMORY.md").c_str(), 0600), 0);
  fs::create_directory(workspace / "elsewhere");
  fs::create_directory_symlink(workspace / "elsewhere", workspace / "memory");

  const auto snapshot = open();

  for (const auto& file : snapshot.files) EXPECT_EQ(file.content, "") << file.name;
  EXPECT_TRUE(fs::is_empty(workspace / "elsewhere"));
}

TEST_F(MemoryTest, AMissingWorkspaceIsAFaultThatNamesIt) {
  try {
    Memory{workspace / "none"}.open_day("2026-11-22");
    FAIL() << "opened";
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(), HasSubstr((workspace / "none").string()));
  }
}

TEST_F(MemoryTest, ALongFileIsCutAtACharacterAndTheTextSaysSo) {
  std::string text = "a";
  while (text.size() < 2 * Memory::file_limit) text += "é";
  write_file(workspace / "MEMORY.md", text);

  const auto snapshot = open();

  EXPECT_EQ(snapshot.files[1].content.size(), Memory::file_limit - 1);
  EXPECT_THAT(memory_prompt(snapshot, {}), HasSubstr("Only the first 32768 of"));
}

TEST_F(MemoryTest, BytesThatAreNoTextAreMadeText) {
  write_file(workspace / "MEMORY.md", std::string_view{"a\0b\xFFz\n", 6});
  EXPECT_EQ(open().files[1].content, "ab\xEF\xBF\xBDz\n");
}

TEST_F(MemoryTest, ThePromptHoldsTheInstructionsTheDayAndTheFiles) {
  write_file(workspace / "MEMORY.md", "- likes tea\n");
  const auto text = memory_prompt(open(), {});
  EXPECT_THAT(text, HasSubstr("memory/2026-11-22.md"));
  EXPECT_THAT(text, HasSubstr("<memory file=\"MEMORY.md\">\n- likes tea\n</memory>"));
  EXPECT_THAT(text, Not(HasSubstr("{date}")));
}

TEST_F(MemoryTest, InstructionsOfTheOwnersReplaceTheBuiltIn) {
  const auto text = memory_prompt(open(), "Remember nothing.");
  EXPECT_THAT(text, testing::StartsWith("Remember nothing."));
  EXPECT_THAT(text, HasSubstr("<memory file=\"SOUL.md\">"));
  EXPECT_THAT(text, Not(HasSubstr("How to remember")));
}

TEST_F(MemoryTest, NothingIsSaidWhenNothingHasChanged) {
  const auto known = open();
  EXPECT_EQ(memory_changes(known, open()), "");
}

TEST_F(MemoryTest, AnEditFromOutsideIsTold) {
  const auto known = open();
  write_file(workspace / "MEMORY.md", "- prefers coffee now\n");
  const auto note = memory_changes(known, open());
  EXPECT_THAT(note, HasSubstr("MEMORY.md has changed. It says now:\n- prefers coffee now"));
  EXPECT_THAT(note, Not(HasSubstr("SOUL.md")));
  EXPECT_THAT(note, testing::EndsWith("]\n\n"));
}

TEST_F(MemoryTest, ALongChangeIsOnlyPointedAt) {
  const auto known = open();
  write_file(workspace / "MEMORY.md", std::string(5'000, 'x'));
  const auto note = memory_changes(known, open());
  EXPECT_THAT(note, HasSubstr("MEMORY.md has changed: read it again"));
  EXPECT_LT(note.size(), 300U);
}

TEST_F(MemoryTest, AnotherDayIsTold) {
  const auto known = open("2026-11-22");
  const auto note = memory_changes(known, open("2026-11-23"));
  EXPECT_THAT(note, HasSubstr("Today is 2026-11-23"));
  EXPECT_THAT(note, HasSubstr("memory/2026-11-23.md"));
  EXPECT_THAT(note, Not(HasSubstr("has changed")));
  EXPECT_TRUE(fs::exists(workspace / "memory/2026-11-23.md"));
}

TEST(LocalDateTest, FollowsTheTimeZone) {
  const char* const before = std::getenv("TZ");
  const std::string kept = before == nullptr ? "" : before;
  const domain::Timestamp late{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + 23h + 30min};

  ::setenv("TZ", "UTC0", 1);
  ::tzset();
  EXPECT_EQ(local_date(late), "2026-11-22");
  ::setenv("TZ", "XXX-1", 1);  // an hour east of Greenwich
  ::tzset();
  EXPECT_EQ(local_date(late), "2026-11-23");

  before == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", kept.c_str(), 1);
  ::tzset();
}

}  // namespace
}  // namespace butler::worker::memory_test
