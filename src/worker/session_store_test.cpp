#include "worker/session_store.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <set>

#include "worker/test_support.hpp"

namespace butler::worker::session_store_test {
namespace {

using testing::HasSubstr;
using testing_support::TempFolder;
using testing_support::write_file;

TEST(SessionNameTest, IsReadableAndSafeForPiAndFiles) {
  EXPECT_THAT(session_name("telegram:42:thread:7:v3"), testing::StartsWith("telegram-42-thread-7-v3-"));
  for (const std::string key : {"", "-", ".", "../../etc/passwd", "a/b\\c\nd", "日本語", "_x"}) {
    const auto name = session_name(key);
    EXPECT_THAT(name, testing::MatchesRegex("[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]")) << key;
    EXPECT_LE(name.size(), 80U);
  }
  EXPECT_LE(session_name(std::string(256, 'x')).size(), 80U);
}

TEST(SessionNameTest, DifferentKeysHaveDifferentNames) {
  const std::set<std::string> names{session_name("a:1"), session_name("a-1"), session_name("a_1"),
                                    session_name(std::string(256, 'x')), session_name(std::string(255, 'x'))};
  EXPECT_EQ(names.size(), 5U);
  EXPECT_EQ(session_name("a:1"), session_name("a:1"));
}

TEST(SessionStoreTest, TheIdStaysTheSame) {
  const TempFolder folder;
  const auto id = session_store_id(folder.path());
  EXPECT_THAT(id, testing::MatchesRegex("store-[0-9a-f]{32}"));
  EXPECT_EQ(session_store_id(folder.path()), id);

  struct stat status{};
  ASSERT_EQ(::stat((folder.path() / ".store-id").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(SessionStoreTest, ALinkInTheIdsPlaceIsNotFollowed) {
  const TempFolder folder;
  write_file(folder.path() / "elsewhere", "store-of-somebody\n");
  std::filesystem::create_symlink("elsewhere", folder.path() / ".store-id");
  EXPECT_THROW(session_store_id(folder.path()), std::runtime_error);
}

TEST(SessionStoreTest, AnUnreadableIdIsNotReplaced) {
  const TempFolder folder;
  write_file(folder.path() / ".store-id", "two words\n");
  try {
    session_store_id(folder.path());
    FAIL() << "accepted";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr((folder.path() / ".store-id").string()));
  }
  EXPECT_EQ(testing_support::file_content(folder.path() / ".store-id"), "two words\n");
}

}  // namespace
}  // namespace butler::worker::session_store_test
