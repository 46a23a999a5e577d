#include "worker/inbox.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>

#include "worker/test_support.hpp"

namespace butler::worker::inbox_test {
namespace {

namespace fs = std::filesystem;
using testing_support::file_content;
using testing_support::write_file;
using namespace std::chrono_literals;

constexpr const char* job = "01234567-89ab-7def-8123-456789abcdef";

class InboxTest : public testing::Test {
 protected:
  InboxTest() {
    fs::create_directory(workspace);
    fs::create_directory(elsewhere);
    write_file(content, "the content");
  }
  void put(const std::string& name = "1-a.txt") { Inbox{workspace}.put(job, name, content); }

  testing_support::TempFolder folder;
  fs::path workspace = folder.path() / "workspace";
  fs::path elsewhere = folder.path() / "elsewhere";
  fs::path content = folder.path() / "content";
};

TEST_F(InboxTest, AFileLiesInTheFolderOfItsJobForItsOwnerOnly) {
  put();
  const auto place = workspace / Inbox::place_of(job, "1-a.txt");
  EXPECT_EQ(Inbox::place_of(job, "1-a.txt"), "inbox/456789/1-a.txt");
  EXPECT_EQ(file_content(place), "the content");
  struct stat status{};
  ASSERT_EQ(::stat(place.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(InboxTest, AFileOfThatNameIsReplaced) {
  put();
  write_file(content, "new");
  put();
  EXPECT_EQ(file_content(workspace / "inbox/456789/1-a.txt"), "new");
}

TEST_F(InboxTest, NoLinkThatTheAgentHasPutThereIsFollowed) {
  fs::create_directory_symlink(elsewhere, workspace / "inbox");
  EXPECT_THROW(put(), std::system_error);
  fs::remove(workspace / "inbox");
  fs::create_directory(workspace / "inbox");
  fs::create_directory_symlink(elsewhere, workspace / "inbox/456789");
  EXPECT_THROW(put(), std::system_error);
  EXPECT_TRUE(fs::is_empty(elsewhere));

  fs::remove(workspace / "inbox/456789");
  fs::create_directory(workspace / "inbox/456789");
  write_file(elsewhere / "victim", "untouched");
  fs::create_symlink(elsewhere / "victim", workspace / "inbox/456789/1-a.txt");
  put();
  EXPECT_EQ(file_content(elsewhere / "victim"), "untouched");
  EXPECT_EQ(file_content(workspace / "inbox/456789/1-a.txt"), "the content");
}

TEST_F(InboxTest, WhatIsOlderThanAMonthGoesAndWhatALinkLeadsToStays) {
  put();
  fs::create_directories(workspace / "inbox/old/deeper");
  write_file(elsewhere / "victim", "untouched");
  fs::create_directory_symlink(elsewhere, workspace / "inbox/old/link");
  fs::create_directory_symlink(elsewhere, workspace / "inbox/link");
  const auto now = std::chrono::system_clock::now();
  for (const auto& name : {workspace / "inbox/old", elsewhere})
    fs::last_write_time(name, fs::file_time_type::clock::now() - Inbox::kept - 1h);
  Inbox{workspace}.prune(now);
  EXPECT_FALSE(fs::exists(workspace / "inbox/old"));
  EXPECT_TRUE(fs::exists(workspace / "inbox/456789/1-a.txt"));
  EXPECT_EQ(file_content(elsewhere / "victim"), "untouched");
  Inbox{workspace}.prune(now + Inbox::kept + 1h);
  EXPECT_FALSE(fs::exists(workspace / "inbox/456789"));
}

TEST_F(InboxTest, AVeryFullFolderGoesBitByBit) {
  const auto old = workspace / "inbox/old";
  fs::create_directories(old / "deeper");
  for (std::size_t i = 0; i < Inbox::pruned_at_once + 100; ++i)
    write_file(old / "deeper" / std::to_string(i), "");
  fs::last_write_time(old, fs::file_time_type::clock::now() - Inbox::kept - 1h);
  const auto now = std::chrono::system_clock::now();
  Inbox{workspace}.prune(now);
  const auto left = std::distance(fs::directory_iterator{old / "deeper"}, fs::directory_iterator{});
  EXPECT_GE(left, 100) << "nobody waits until all is gone";
  EXPECT_LE(left, 110);
  Inbox{workspace}.prune(now);
  EXPECT_FALSE(fs::exists(old));
}

TEST_F(InboxTest, AFolderOfEndlessFoldersIsLeftAlone) {
  auto deep = workspace / "inbox/old";
  for (int i = 0; i < 100; ++i) deep /= "d";
  fs::create_directories(deep);
  fs::last_write_time(workspace / "inbox/old", fs::file_time_type::clock::now() - Inbox::kept - 1h);
  Inbox{workspace}.prune(std::chrono::system_clock::now());
  EXPECT_TRUE(fs::exists(deep));
}

TEST_F(InboxTest, AnInboxThatIsALinkIsNotPruned) {
  fs::create_directory(elsewhere / "old");
  fs::create_directory_symlink(elsewhere, workspace / "inbox");
  Inbox{workspace}.prune(std::chrono::system_clock::now() + Inbox::kept + 1h);
  EXPECT_TRUE(fs::exists(elsewhere / "old"));
}

}  // namespace
}  // namespace butler::worker::inbox_test
