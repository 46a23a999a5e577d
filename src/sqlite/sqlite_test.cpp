#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "sqlite/database.hpp"
#include "sqlite/file_lock.hpp"
#include "sqlite/migrations.hpp"
#include "unit/temp_folder.hpp"

namespace butler::sqlite::sqlite_test {
namespace {

namespace fs = std::filesystem;
using domain::EmbeddedFile;

class SqliteTest : public testing::Test {
 protected:
  static std::int64_t count(Database& database, const std::string& table) {
    auto& statement = database.prepared("SELECT count(*) FROM " + table).bind();
    statement.step();
    const auto rows = statement.integer(0);
    statement.reset();
    return rows;
  }

  test::TempFolder folder;
  fs::path file = folder.path() / "test.db";
  domain::Timestamp now{std::chrono::milliseconds{1'700'000'000'000}};
};

constexpr EmbeddedFile first{"0001_first.sql", "CREATE TABLE notes (text TEXT NOT NULL) STRICT;"};
constexpr EmbeddedFile second{"0002_second.sql", "ALTER TABLE notes ADD COLUMN author TEXT;"};
constexpr EmbeddedFile second_broken{"0002_second.sql",
                                     "ALTER TABLE notes ADD COLUMN author TEXT; NONSENSE;"};
constexpr EmbeddedFile second_edited{"0002_second.sql", "ALTER TABLE notes ADD COLUMN writer TEXT;"};

TEST_F(SqliteTest, WhatWasCommittedIsThereAfterReopening) {
  {
    auto database = Database::open(file);
    database.execute("CREATE TABLE notes (text TEXT)");
    Transaction transaction(database);
    database.prepared("INSERT INTO notes VALUES (?)").bind("kept").run();
    transaction.commit();
  }
  auto database = Database::open(file);
  EXPECT_EQ(count(database, "notes"), 1);
}

TEST_F(SqliteTest, ATransactionThatIsLeftIsUndone) {
  auto database = Database::open(file);
  database.execute("CREATE TABLE notes (text TEXT)");
  {
    Transaction transaction(database);
    database.prepared("INSERT INTO notes VALUES (?)").bind("lost").run();
  }
  EXPECT_EQ(count(database, "notes"), 0);
}

TEST_F(SqliteTest, ASavepointThatFailsTakesOnlyItsOwnWritesWithIt) {
  auto database = Database::open(file);
  database.execute("CREATE TABLE notes (text TEXT)");
  Transaction transaction(database);
  {
    Savepoint kept(database);
    database.prepared("INSERT INTO notes VALUES (?)").bind("kept").run();
    kept.release();
  }
  {
    const Savepoint undone(database);
    database.prepared("INSERT INTO notes VALUES (?)").bind("undone").run();
  }
  transaction.commit();
  EXPECT_EQ(count(database, "notes"), 1);
}

TEST_F(SqliteTest, TheFileIsReadableByItsOwnerOnly) {
  auto database = Database::open(file);
  database.execute("CREATE TABLE notes (text TEXT)");
  struct stat info{};
  ASSERT_EQ(stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(SqliteTest, ADamagedFileIsRefusedByNameAndLeftAsItIs) {
  const std::string garbage(8192, 'x');
  std::ofstream(file) << garbage;
  try {
    Database::open(file);
    FAIL() << "a damaged file was opened";
  } catch (const Error& error) {
    EXPECT_NE(std::string{error.what()}.find(file.string()), std::string::npos);
    EXPECT_NE(std::string{error.what()}.find("backup"), std::string::npos);
  }
  std::ifstream stream(file);
  const std::string after((std::istreambuf_iterator<char>(stream)), {});
  EXPECT_EQ(after, garbage);
}

TEST_F(SqliteTest, ASecondHolderOfTheLockIsToldWhoHasIt) {
  const FileLock lock(file);
  try {
    const FileLock again(file);
    FAIL() << "the lock was given twice";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string{error.what()}.find("process " + std::to_string(getpid())), std::string::npos);
  }
}

TEST_F(SqliteTest, MigrationsAreAppliedOnceAndInOrder) {
  auto database = Database::open(file);
  migrate(database, std::array{first}, now);
  database.execute("INSERT INTO notes (text) VALUES ('old')");
  migrate(database, std::array{first, second}, now);
  migrate(database, std::array{first, second}, now);
  EXPECT_EQ(count(database, "migrations"), 2);
  EXPECT_EQ(count(database, "notes"), 1);
}

TEST_F(SqliteTest, ACopyIsMadeBeforeAnExistingDatabaseIsChanged) {
  auto database = Database::open(file);
  migrate(database, std::array{first}, now);
  EXPECT_FALSE(fs::exists(file.string() + ".before-1"));
  database.execute("INSERT INTO notes (text) VALUES ('old')");
  migrate(database, std::array{first, second}, now);
  auto copy = Database::open(file.string() + ".before-2");
  EXPECT_EQ(count(copy, "notes"), 1);
  EXPECT_EQ(count(copy, "migrations"), 1);
}

TEST_F(SqliteTest, AMigrationThatFailsChangesNothing) {
  auto database = Database::open(file);
  migrate(database, std::array{first}, now);
  EXPECT_THROW(migrate(database, std::array{first, second_broken}, now), std::runtime_error);
  EXPECT_EQ(count(database, "migrations"), 1);
  EXPECT_NO_THROW(migrate(database, std::array{first, second}, now));
}

TEST_F(SqliteTest, ANewerDatabaseAndAnEditedMigrationAreRefused) {
  auto database = Database::open(file);
  migrate(database, std::array{first, second}, now);
  EXPECT_THROW(migrate(database, std::array{first}, now), std::runtime_error);
  EXPECT_THROW(migrate(database, std::array{first, second_edited}, now), std::runtime_error);
}

}  // namespace
}  // namespace butler::sqlite::sqlite_test
