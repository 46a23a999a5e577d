#include "sqlite/checkpointer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "unit/temp_folder.hpp"

namespace butler::sqlite::checkpointer_test {
namespace {

TEST(NextCheckpoint, CopiesTheLogEachTimeItHasGrown) {
  EXPECT_EQ(next_checkpoint(1'999, 0), Checkpoint::none);
  EXPECT_EQ(next_checkpoint(2'000, 0), Checkpoint::beside);
  EXPECT_EQ(next_checkpoint(2'100, 2'000), Checkpoint::none);
  EXPECT_EQ(next_checkpoint(4'000, 2'000), Checkpoint::beside);
}

TEST(NextCheckpoint, BeginsAgainWithTheLog) {
  EXPECT_EQ(next_checkpoint(10, 6'000), Checkpoint::none);
  EXPECT_EQ(next_checkpoint(2'000, 6'000), Checkpoint::beside);
}

TEST(NextCheckpoint, HoldsUpCommitsWhenTheLogHasNeverBegunAgain) {
  EXPECT_EQ(next_checkpoint(23'999, 21'000), Checkpoint::beside);
  EXPECT_EQ(next_checkpoint(24'000, 22'000), Checkpoint::restart);
  EXPECT_EQ(next_checkpoint(24'100, 24'000), Checkpoint::none) << "one at a time";
}

TEST(CheckpointerTest, TheLogComesIntoTheFileBesideTheCommits) {
  const test::TempFolder folder;
  const auto file = folder.path() / "state.db";
  auto database = Database::open(file);
  database.execute("CREATE TABLE t (x BLOB)");
  const Checkpointer checkpointer(database);
  // Nine megabytes in one commit: more than a step, and than the database's own cache.
  database.execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2400) "
      "INSERT INTO t SELECT zeroblob(4000) FROM n");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (std::filesystem::file_size(file) < 9'000'000 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_GT(std::filesystem::file_size(file), 9'000'000);
}

TEST(CheckpointerTest, WhoReadsForLongHoldsUpNobodyWhoWrites) {
  const test::TempFolder folder;
  const auto file = folder.path() / "state.db";
  auto database = Database::open(file);
  database.execute("CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (1)");
  auto reader = Database::open_reader(file);
  const Snapshot snapshot(reader);
  EXPECT_TRUE(reader.prepared("SELECT x FROM t").bind().step());
  database.execute("INSERT INTO t VALUES (2)");
  auto beside = Database::open_beside(file);
  const auto start = std::chrono::steady_clock::now();
  beside.checkpoint(true);  // cannot begin the log again, and gives way
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{4})
      << "a writer's patience is five";
  database.execute("INSERT INTO t VALUES (3)");
}

TEST(SnapshotTest, EndsAlsoWhenAStatementWasLeftInTheMiddle) {
  const test::TempFolder folder;
  auto database = Database::open(folder.path() / "state.db");
  database.execute("CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (1), (2)");
  auto reader = Database::open_reader(folder.path() / "state.db");
  {
    const Snapshot snapshot(reader);
    EXPECT_TRUE(reader.prepared("SELECT x FROM t").bind().step());
  }
  database.execute("INSERT INTO t VALUES (3)");
  const Snapshot snapshot(reader);
  auto& count = reader.prepared("SELECT count(*) FROM t").bind();
  EXPECT_TRUE(count.step());
  EXPECT_EQ(count.integer(0), 3);
}

}  // namespace
}  // namespace butler::sqlite::checkpointer_test
