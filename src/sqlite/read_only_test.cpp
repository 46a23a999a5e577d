#include "sqlite/read_only.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "sqlite/database.hpp"
#include "unit/temp_folder.hpp"

namespace butler::sqlite::read_only_test {
namespace {

using Rows = std::vector<std::vector<std::string>>;

class ReadOnlyDatabaseTest : public testing::Test {
 protected:
  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      all.insert(entry.path().filename().string());
    return all;
  }

  test::TempFolder folder;
  std::filesystem::path file = folder.path() / "a%?#.db";
  std::chrono::seconds patience{30};
};

TEST_F(ReadOnlyDatabaseTest, WhatAWriterHasCommittedIsSeenWhileItGoesOn) {
  auto writer = Database::open(file);
  writer.execute("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('kept')");
  const Transaction open(writer);
  writer.execute("INSERT INTO notes VALUES ('not committed')");
  ReadOnlyDatabase reader(file, patience);
  EXPECT_EQ(reader.query("SELECT text, NULL FROM notes"), (Rows{{"kept", ""}}));
  EXPECT_EQ(reader.query("PRAGMA quick_check"), (Rows{{"ok"}}));
}

TEST_F(ReadOnlyDatabaseTest, NothingIsWrittenAndNothingIsLeftBehind) {
  Database::open(file).execute("CREATE TABLE notes (text TEXT)");
  ReadOnlyDatabase reader(file, patience);
  EXPECT_EQ(reader.query("SELECT * FROM notes"), Rows{});
  EXPECT_THROW(reader.query("INSERT INTO notes VALUES ('x')"), std::runtime_error);
  EXPECT_EQ(names(), std::set<std::string>{"a%?#.db"});
}

TEST_F(ReadOnlyDatabaseTest, WhatIsNoDatabaseIsToldFromWhatIsNotThere) {
  EXPECT_THROW(ReadOnlyDatabase(file, patience), std::runtime_error);
  std::ofstream(file) << std::string(4'096, 'x');
  ReadOnlyDatabase reader(file, patience);
  EXPECT_THROW(reader.query("PRAGMA quick_check"), Damaged);
}

TEST_F(ReadOnlyDatabaseTest, ALookThatTakesTooLongIsGivenUp) {
  Database::open(file).execute("CREATE TABLE notes (text TEXT)");
  ReadOnlyDatabase reader(file, std::chrono::milliseconds{0});
  EXPECT_THROW(
      reader.query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"),
      Interrupted);
}

}  // namespace
}  // namespace butler::sqlite::read_only_test
