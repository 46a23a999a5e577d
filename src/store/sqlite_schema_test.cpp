#include <gtest/gtest.h>

#include <regex>

#include "sqlite/database.hpp"
#include "sqlite/migrations.hpp"
#include "store/migrations.hpp"
#include "unit/temp_folder.hpp"

namespace butler::store::sqlite_schema_test {
namespace {

class SqliteSchemaTest : public ::testing::Test {
 protected:
  SqliteSchemaTest() { sqlite::migrate(database_, orchestrator_migrations(), domain::Timestamp{}); }

  void insert(const std::string& kind, const std::string& status, const std::string& channel,
              const std::string& finished_at) {
    database_.execute(
        "INSERT INTO jobs (id, kind, status, prompt, channel, chat_id, requester_id, session_key, "
        "requires_approval, max_attempts, created_at, updated_at, finished_at) VALUES (hex(randomblob(8)), "
        "'" +
        kind + "', '" + status + "', 'p', '" + channel + "', 'c', 'r', 's', 0, 3, 1, 1, " + finished_at +
        ")");
  }

 private:
  test::TempFolder folder_;

 protected:
  sqlite::Database database_ = sqlite::Database::open(folder_.path() / "state.db");
};

TEST_F(SqliteSchemaTest, AJobIsOneThatCanBe) {
  for (const auto* status : {"needs_approval", "queued", "running", "aborting"}) {
    EXPECT_NO_THROW(insert("task", status, "telegram", "NULL")) << status;
    EXPECT_THROW(insert("task", status, "telegram", "1"), sqlite::Error) << status;
  }
  for (const auto* status : {"completed", "failed", "aborted"}) {
    EXPECT_NO_THROW(insert("run", status, "api", "1")) << status;
    EXPECT_THROW(insert("run", status, "api", "NULL"), sqlite::Error) << status;
  }
  EXPECT_NO_THROW(insert("task", "queued", "cli", "NULL"));
  EXPECT_THROW(insert("chore", "queued", "cli", "NULL"), sqlite::Error);
  EXPECT_THROW(insert("task", "lost", "cli", "NULL"), sqlite::Error);
  EXPECT_THROW(insert("task", "queued", "post", "NULL"), sqlite::Error);
}

// A list of more than two values costs a table in memory at every write (schema/orchestrator/0006).
TEST_F(SqliteSchemaTest, AJobIsCheckedWithoutLists) {
  auto& schema = database_.prepared("SELECT sql FROM sqlite_schema WHERE name = 'jobs'").bind();
  ASSERT_TRUE(schema.step());
  EXPECT_FALSE(std::regex_search(schema.string(0), std::regex{"IN \\([^)]*,[^)]*,"})) << schema.text(0);
  schema.reset();
}

TEST_F(SqliteSchemaTest, NobodyElseWritesTheSchema) {
  EXPECT_NO_THROW(database_.execute("PRAGMA writable_schema = ON"));
  EXPECT_THROW(database_.execute("UPDATE sqlite_schema SET sql = '' WHERE name = 'jobs'"), sqlite::Error);
}

}  // namespace
}  // namespace butler::store::sqlite_schema_test
