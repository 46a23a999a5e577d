#include "vm_sandbox/archive.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <vector>

namespace butler::vm_sandbox::archive_test {
namespace {

using Kind = ArchiveEntry::Kind;

struct Heard final : ArchiveSink {
  void begin(const ArchiveEntry& entry) override {
    entries.push_back(entry);
    contents.emplace_back();
  }
  void content(std::string_view bytes) override { contents.back() += bytes; }

  std::vector<ArchiveEntry> entries;
  std::vector<std::string> contents;
};

/// As a hostile machine may write it.
std::string entry(std::string_view name, unsigned mode, std::string_view content = {}, unsigned links = 1,
                  std::size_t said_size = std::string::npos) {
  const auto size = said_size == std::string::npos ? content.size() : said_size;
  char head[111];
  std::snprintf(head, sizeof(head), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 7U, mode,
                0U, 0U, links, 5U, static_cast<unsigned>(size), 0U, 0U, 0U, 0U,
                static_cast<unsigned>(name.size() + 1), 0U);
  std::string bytes{head, 110};
  bytes += name;
  bytes += '\0';
  bytes += encode_padding(bytes.size());
  bytes += content;
  return bytes + encode_padding(content.size());
}

std::expected<void, std::string> read(const std::string& bytes, Heard& heard,
                                      ArchiveLimits limits = {.bytes = 1000}) {
  ArchiveReader reader(limits, heard);
  return reader.feed(bytes);
}

std::string problem_of(const std::string& bytes, ArchiveLimits limits = {.bytes = 1000}) {
  Heard heard;
  const auto done = read(bytes, heard, limits);
  return done ? "" : done.error();
}

TEST(Archive, ComesBackAsItWasWrittenHoweverItIsCut) {
  const ArchiveEntry folder{.path = "d", .kind = Kind::folder, .mode = 0750, .modified = 3};
  const ArchiveEntry file{.path = "d/f", .mode = 0640, .modified = 4, .size = 5};
  const ArchiveEntry link{.path = "l", .kind = Kind::link, .mode = 0777, .size = 3};
  const auto bytes = encode_entry(folder) + encode_entry(file) + "hello" + encode_padding(5) +
                     encode_entry(link) + "d/f" + encode_padding(3) + encode_archive_end();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
    Heard heard;
    ArchiveReader reader({.bytes = 1000}, heard);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      ASSERT_TRUE(reader.feed(std::string_view{bytes}.substr(at, piece)));
    }
    EXPECT_TRUE(reader.finished());
    EXPECT_EQ(heard.entries, (std::vector{folder, file, link}));
    EXPECT_EQ(heard.contents, (std::vector<std::string>{"", "hello", "d/f"}));
  }
}

TEST(Archive, ThatEndsTooEarlyIsNotFinished) {
  Heard heard;
  ArchiveReader reader({.bytes = 1000}, heard);
  EXPECT_TRUE(reader.feed(entry("a", S_IFREG | 0600, "x")));
  EXPECT_FALSE(reader.finished());
}

TEST(Archive, NamesThatLeadElsewhereAreRefused) {
  for (const std::string_view name :
       std::initializer_list<std::string_view>{"../x", "/etc/passwd", "a/../../x", "a//b", "a/./b", "..",
                                               "./", "", "a/", "./../x", std::string_view{"a\0b", 3}}) {
    EXPECT_NE(problem_of(entry(name, S_IFREG | 0600, "x")), "") << name;
  }
  EXPECT_NE(problem_of(entry(std::string(5000, 'a'), S_IFREG | 0600)), "");
  EXPECT_EQ(problem_of(entry("./..a/b..", S_IFREG | 0600, "x")), "");
}

TEST(Archive, DevicesPipesAndSocketsArePassedOverAndSetuidIsLost) {
  Heard heard;
  const auto bytes = entry("null", S_IFCHR | 0666) + entry("disk", S_IFBLK | 0666) +
                     entry("pipe", S_IFIFO | 0666, "bytes") + entry("socket", S_IFSOCK | 0666) +
                     entry(".", S_IFDIR | 0777) + entry("su", S_IFREG | 06755, "x");
  ASSERT_TRUE(read(bytes, heard));
  ASSERT_EQ(heard.entries.size(), 1U);
  EXPECT_EQ(heard.entries[0].path, "su");
  EXPECT_EQ(heard.entries[0].mode, 0755U);
}

TEST(Archive, WhatIsTooMuchIsRefusedBeforeItComes) {
  EXPECT_NE(problem_of(entry("big", S_IFREG | 0600, {}, 1, 1001)), "");
  const auto halves =
      entry("a", S_IFREG | 0600, std::string(600, 'x')) + entry("b", S_IFREG | 0600, {}, 1, 401);
  EXPECT_NE(problem_of(halves), "");
  EXPECT_NE(problem_of(entry("l", S_IFLNK | 0777, {}, 1, 4096), {.bytes = 10'000}), "");
  EXPECT_NE(problem_of(entry("d", S_IFDIR | 0700, "content")), "");
  const auto three = entry("a", S_IFREG) + entry("b", S_IFREG) + entry("c", S_IFREG);
  EXPECT_NE(problem_of(three, {.entries = 2, .bytes = 10}), "");
  EXPECT_NE(problem_of(std::string(110, 'x')), "");
}

TEST(Archive, TheNamesOfOneFileAreKnownByItsInode) {
  Heard heard;
  ASSERT_TRUE(read(entry("a", S_IFREG | 0600, {}, 2) + entry("b", S_IFREG | 0600, "x", 2), heard));
  EXPECT_EQ(heard.entries.at(0).inode, 7U);
  EXPECT_EQ(heard.entries.at(1).inode, 7U);
}

}  // namespace
}  // namespace butler::vm_sandbox::archive_test
