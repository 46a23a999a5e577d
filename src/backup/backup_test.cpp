#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "backup/contents.hpp"
#include "backup/manifest.hpp"
#include "backup/restore.hpp"
#include "backup/take.hpp"
#include "sqlite/database.hpp"
#include "unit/temp_folder.hpp"

namespace butler::backup::backup_test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

std::string read(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

class BackupTest : public testing::Test {
 protected:
  BackupTest() {
    write(home / "workspace" / "MEMORY.md", "likes tea");
    write(home / "runtime" / "bin" / "node", "large");
    write(home / "up.lock", "1");
    fs::create_symlink("/etc/shadow", home / "workspace" / "trick");
  }

  Taken take_it() {
    return take({.home = home, .version = "1.2.3"}, target, now, [](const std::string&) {});
  }

  std::expected<Restored, std::string> restore_to(const fs::path& place, bool replace = false) {
    fs::create_directories(place);
    const auto manifest = read_manifest(target);
    EXPECT_TRUE(manifest) << manifest.error();
    EXPECT_THAT(find_faults(target, *manifest), IsEmpty());
    return restore(target, *manifest, {.home = place, .replace = replace}, now);
  }

  test::TempFolder scratch;
  fs::path home = scratch.path() / "home";
  fs::path target = scratch.path() / "backup";
  fs::path other = scratch.path() / "other";
  domain::Timestamp now{std::chrono::milliseconds{1'700'000'000'000}};
};

TEST(BackupContents, WhatCanBeMadeAnewAndWhatBelongsToAProcessIsLeftOut) {
  for (const char* const path : {"runtime", "vm", "mcp/bin", "backups", "artifacts/.incoming", "butler.lock",
                                 "gateway.sock", "state.db-wal", "state.db.before-3", "replaced-2026"}) {
    EXPECT_EQ(treatment_of(path), Treatment::leave_out) << path;
  }
  EXPECT_EQ(treatment_of("state.db"), Treatment::database);
  for (const char* const path :
       {".env", "secrets.env", "workspace", "workspace/a.lock", "workspace/runtime", "mcp/host"}) {
    EXPECT_EQ(treatment_of(path), Treatment::copy) << path;
  }
}

TEST_F(BackupTest, ABackupComesBackElsewhereAsItWas) {
  ::chmod((home / "workspace" / "MEMORY.md").c_str(), 0640);
  take_it();
  ASSERT_TRUE(restore_to(other));
  EXPECT_EQ(read(other / "workspace" / "MEMORY.md"), "likes tea");
  struct stat status{};
  ASSERT_EQ(::stat((other / "workspace" / "MEMORY.md").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
  EXPECT_FALSE(fs::exists(other / "runtime"));
  EXPECT_FALSE(fs::exists(other / "up.lock"));
  EXPECT_FALSE(fs::exists(other / "restoring"));
}

TEST_F(BackupTest, ALinkOfTheAgentsIsKeptAsALinkAndNeverFollowed) {
  take_it();
  EXPECT_TRUE(fs::is_symlink(target / "home" / "workspace" / "trick"));
  ASSERT_TRUE(restore_to(other));
  EXPECT_EQ(fs::read_symlink(other / "workspace" / "trick"), "/etc/shadow");
}

TEST_F(BackupTest, APipeIsLeftOutAndNobodyWaitsForIt) {
  ASSERT_EQ(::mkfifo((home / "workspace" / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(take_it().left_out, ElementsAre("workspace/pipe"));
}

TEST_F(BackupTest, ADatabaseIsASnapshotWhileOthersWrite) {
  auto database = sqlite::Database::open(home / "state.db");
  database.execute("CREATE TABLE jobs (id INTEGER) STRICT; INSERT INTO jobs VALUES (1)");
  sqlite::Transaction open(database);
  database.execute("INSERT INTO jobs VALUES (2)");
  take_it();
  open.commit();
  ASSERT_TRUE(restore_to(other));
  auto copy = sqlite::Database::open(other / "state.db");
  auto& count = copy.prepared("SELECT count(*) FROM jobs").bind();
  ASSERT_TRUE(count.step());
  EXPECT_EQ(count.integer(0), 1) << "what was not committed is not in it";
}

TEST_F(BackupTest, TheLogOfAnotherDatabaseNeverMeetsTheRestoredOne) {
  {
    auto database = sqlite::Database::open(home / "state.db");
    database.execute("CREATE TABLE jobs (id INTEGER) STRICT");
  }
  take_it();
  write(other / "state.db-wal", "of another database");
  EXPECT_FALSE(restore_to(other));
  const auto restored = restore_to(other, true);
  ASSERT_TRUE(restored);
  EXPECT_FALSE(fs::exists(other / "state.db-wal"));
  EXPECT_EQ(read(*restored->replaced / "state.db-wal"), "of another database");
}

TEST_F(BackupTest, WhatIsThereIsInTheWayUnlessItMayBeMovedAside) {
  take_it();
  write(other / "workspace" / "MEMORY.md", "newer");
  const auto refused = restore_to(other);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("--replace"));
  EXPECT_EQ(read(other / "workspace" / "MEMORY.md"), "newer");
  const auto restored = restore_to(other, true);
  ASSERT_TRUE(restored);
  EXPECT_EQ(read(other / "workspace" / "MEMORY.md"), "likes tea");
  EXPECT_EQ(read(*restored->replaced / "workspace" / "MEMORY.md"), "newer");
}

TEST_F(BackupTest, FoldersThatAStartMakesAreNotInTheWay) {
  take_it();
  fs::create_directories(other / "workspace" / "inbox");
  const auto restored = restore_to(other);
  ASSERT_TRUE(restored) << restored.error();
  EXPECT_FALSE(restored->replaced);
}

TEST_F(BackupTest, AnInterruptedRestoreIsRunAgain) {
  take_it();
  write(other / "restoring" / "workspace" / "MEMORY.md", "half");
  ASSERT_TRUE(restore_to(other));
  EXPECT_EQ(read(other / "workspace" / "MEMORY.md"), "likes tea");
}

TEST_F(BackupTest, AConfigurationOutsideOfTheHomeComesBackAndTheOneThereIsKept) {
  const auto env = scratch.path() / "checkout" / ".env";
  write(env, "TOKEN=old");
  take({.home = home, .env_file = env, .version = "1.2.3"}, target, now, [](const std::string&) {});
  write(env, "TOKEN=new");
  const auto manifest = read_manifest(target);
  ASSERT_TRUE(manifest) << manifest.error();
  fs::create_directories(other);
  EXPECT_THAT(restore(target, *manifest, {.home = other, .env_file = env}, now).error(),
              HasSubstr(".env is there already"));
  EXPECT_EQ(read(env), "TOKEN=new");
  ASSERT_TRUE(restore(target, *manifest, {.home = other, .env_file = env, .replace = true}, now));
  EXPECT_EQ(read(env), "TOKEN=old");
  struct stat status{};
  ASSERT_EQ(::stat(env.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(std::distance(fs::directory_iterator(env.parent_path()), {}), 2)
      << "the one that was there lies beside it";
  write(target / env_name, "TOKEN=other");
  EXPECT_THAT(find_faults(target, *manifest), ElementsAre(HasSubstr("env was changed")));
}

TEST_F(BackupTest, ABackupWithoutItsLastFileIsNone) {
  take_it();
  fs::remove(target / manifest_name);
  EXPECT_THAT(read_manifest(target).error(), HasSubstr("unfinished"));
}

TEST_F(BackupTest, ChangedAndMissingFilesAreNamed) {
  write(home / "sessions" / "one.jsonl", "{}");
  take_it();
  write(target / "home" / "workspace" / "MEMORY.md", "likes bee");
  fs::remove(target / "home" / "sessions" / "one.jsonl");
  EXPECT_THAT(find_faults(target, *read_manifest(target)),
              ElementsAre(HasSubstr("sessions/one.jsonl"), HasSubstr("workspace/MEMORY.md was changed")));
}

TEST_F(BackupTest, ADamagedDatabaseStopsTheBackupAndNothingHalfIsLeft) {
  write(home / "state.db", "no database");
  EXPECT_ANY_THROW(take_it());
  EXPECT_FALSE(fs::exists(target));
}

TEST_F(BackupTest, ABackupInItsOwnHomeDoesNotHoldItself) {
  target = home / "my-backup";
  take_it();
  EXPECT_FALSE(fs::exists(target / "home" / "my-backup"));
  ASSERT_TRUE(restore_to(other));
}

TEST(BackupManifest, AManifestThatLeadsOutOfTheHomeIsRefused) {
  const auto with = [](const std::string& path) {
    Manifest manifest{.created_at = {}, .version = "1", .home = "/h", .entries = {}};
    manifest.entries.push_back({.path = path, .kind = EntryKind::folder});
    return parse_manifest(to_json(manifest));
  };
  EXPECT_TRUE(with("workspace"));
  for (const char* const path : {"", ".", "..", "../x", "/etc", "a/../../x", "a//b", "a/", "b/c"}) {
    EXPECT_FALSE(with(path)) << path;
  }
}

TEST(BackupManifest, AManifestOfANewerFormatIsRefusedWithWhatToDo) {
  const auto manifest =
      parse_manifest(to_json({.format = 2, .created_at = {}, .version = "9", .home = "/h", .entries = {}}));
  ASSERT_FALSE(manifest);
  EXPECT_THAT(manifest.error(), HasSubstr("use the version of Butler that made it"));
}

}  // namespace
}  // namespace butler::backup::backup_test
