#include "sandbox/watch.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "domain/mebibyte.hpp"
#include "unit/temp_folder.hpp"

namespace butler::sandbox::watch_test {
namespace {

using testing::HasSubstr;
using testing::Optional;

TEST(Watch, MemoryOfAllTogetherHasALimit) {
  const Limits limits{.memory_bytes = 100 * domain::mebibyte};
  EXPECT_EQ(memory_verdict({.memory_bytes = 100 * domain::mebibyte}, limits), std::nullopt);
  EXPECT_THAT(memory_verdict({.memory_bytes = 101 * domain::mebibyte}, limits),
              Optional(HasSubstr("100 MB of memory")));
  EXPECT_EQ(memory_verdict({.memory_bytes = 101 * domain::mebibyte}, {.memory_bytes = 0}), std::nullopt);
}

TEST(Watch, WhatWasFullAtTheStartMayBeUsedButNotGrow) {
  const Limits limits{.workspace_bytes = 100 * domain::mebibyte};
  EXPECT_EQ(disk_verdict(0, 100 * domain::mebibyte, limits), std::nullopt);
  EXPECT_THAT(disk_verdict(0, 101 * domain::mebibyte, limits), Optional(HasSubstr("100 MB")));
  EXPECT_EQ(disk_verdict(500 * domain::mebibyte, 510 * domain::mebibyte, limits), std::nullopt);
  EXPECT_NE(disk_verdict(500 * domain::mebibyte, 517 * domain::mebibyte, limits), std::nullopt);
}

TEST(Watch, TheTreeOfThisProcessUsesMemory) {
  const auto usage = usage_of_tree(::getpid());
  EXPECT_GE(usage.processes, 1U);
  EXPECT_GT(usage.memory_bytes, 100'000U);
}

TEST(Watch, AFolderIsMeasuredInPiecesWithoutFollowingLinks) {
  const test::TempFolder folder;
  std::filesystem::create_directories(folder.path() / "a/b");
  std::ofstream(folder.path() / "a/b/file") << std::string(domain::mebibyte, 'x');
  std::filesystem::create_symlink("/usr", folder.path() / "a/usr");
  FolderSize size({folder.path()});
  std::optional<std::uint64_t> bytes;
  int calls = 0;
  while (!bytes && ++calls < 1'000) bytes = size.look_further(2);
  ASSERT_TRUE(bytes);
  EXPECT_GT(calls, 2);
  EXPECT_GE(*bytes, domain::mebibyte);
  EXPECT_LT(*bytes, 2 * domain::mebibyte);
}

}  // namespace
}  // namespace butler::sandbox::watch_test
