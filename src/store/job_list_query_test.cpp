#include "store/job_list_query.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "sqlite/database.hpp"
#include "sqlite/migrations.hpp"
#include "store/migrations.hpp"
#include "store/sqlite_job_store.hpp"
#include "unit/temp_folder.hpp"

namespace butler::store::job_list_query_test {
namespace {

using domain::JobStatus;
using testing::HasSubstr;

/// What is asked for, in words: "chat", "requester", "session", "before".
JobFilter filter_by(const std::vector<std::string>& words, std::optional<JobStatus> status = {}) {
  JobFilter filter;
  filter.status = status;
  for (const auto& word : words) {
    if (word == "chat") filter.chat_id = word;
    if (word == "requester") filter.requester_id = word;
    if (word == "session") filter.session_key = word;
    if (word == "before") filter.before = word;
  }
  return filter;
}

class JobListQueryTest : public testing::Test {
 protected:
  JobListQueryTest() { sqlite::migrate(database, orchestrator_migrations(), now); }

  /// How SQLite reads the jobs of a list.
  std::string plan(const JobFilter& filter) {
    auto& statement = database.prepared("EXPLAIN QUERY PLAN SELECT * FROM jobs " + job_list_query(filter));
    statement.bind("chat", "requester", "session", "before", 10);
    std::string text;
    while (statement.step()) text += statement.string(3) + "\n";
    return text;
  }

  domain::Timestamp now{std::chrono::seconds{1}};
  test::TempFolder folder;
  std::filesystem::path file = folder.path() / "state.db";
  sqlite::Database database = sqlite::Database::open(file);
};

TEST_F(JobListQueryTest, JobsOfSomebodyAreFoundWithoutALookAtOtherRows) {
  const std::vector<std::vector<std::string>> lists{
      {}, {"chat"}, {"requester"}, {"session"}, {"chat", "requester", "session"}};
  for (const auto& words : lists) {
    EXPECT_THAT(plan(filter_by(words)), HasSubstr("SCAN jobs USING COVERING INDEX jobs_listed"));
  }
  EXPECT_THAT(plan(filter_by({"chat", "before"})),
              HasSubstr("SEARCH jobs USING COVERING INDEX jobs_listed (id<?)"));
}

TEST_F(JobListQueryTest, JobsOfAStatusThatFewHaveAreReadFromItsIndex) {
  for (const auto& [status, index] :
       {std::pair{JobStatus::running, "jobs_leased"}, std::pair{JobStatus::aborting, "jobs_leased"},
        std::pair{JobStatus::needs_approval, "jobs_needing_approval"},
        std::pair{JobStatus::failed, "jobs_unsuccessful"},
        std::pair{JobStatus::aborted, "jobs_unsuccessful"}}) {
    EXPECT_THAT(plan(filter_by({}, status)), HasSubstr(index)) << domain::enum_name(status);
    EXPECT_THAT(plan(filter_by({"chat", "before"}, status)), HasSubstr(index)) << domain::enum_name(status);
  }
  EXPECT_THAT(plan(filter_by({}, JobStatus::queued)), HasSubstr("jobs_queued"));
  EXPECT_THAT(plan(filter_by({"chat"}, JobStatus::queued)), HasSubstr("jobs_listed"));
  EXPECT_THAT(plan(filter_by({"chat"}, JobStatus::completed)), HasSubstr("jobs_listed"));
}

TEST(JobListMigration, TheJobsOfAnOlderDatabaseAreListed) {
  const domain::Timestamp now{std::chrono::seconds{1}};
  const test::TempFolder folder;
  const auto file = folder.path() / "state.db";
  {
    auto old = sqlite::Database::open(file);
    sqlite::migrate(old, orchestrator_migrations().first(3), now);
    old.execute(
        "INSERT INTO jobs (id, kind, status, prompt, channel, chat_id, requester_id, session_key, "
        "requires_approval, max_attempts, created_at, updated_at, finished_at) "
        "VALUES ('1', 'task', 'failed', 'p', 'telegram', 'chat', 'r', 's', 0, 3, 1, 1, 1)");
  }
  SqliteJobStore store(file, now);
  EXPECT_EQ(store.list(filter_by({"chat"})).size(), 1U);
  EXPECT_EQ(store.list(filter_by({}, JobStatus::failed)).size(), 1U);
  EXPECT_TRUE(std::filesystem::exists(file.string() + ".before-4"));
}

}  // namespace
}  // namespace butler::store::job_list_query_test
