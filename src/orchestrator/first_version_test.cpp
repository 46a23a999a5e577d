#include "orchestrator/first_version.hpp"

#include <gmock/gmock.h>

#include "store/sqlite_job_store.hpp"
#include "unit/temp_folder.hpp"

namespace butler::orchestrator::first_version_test {
namespace {

using domain::JobStatus;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

json::Value state(const std::string& text) { return json::parse(text).value(); }

const char* const two_jobs = R"({
  "jobs": {
    "b": {"id": "b", "status": "running", "prompt": "two", "channel": "telegram", "chatId": "7", "requesterId": "7",
          "sessionKey": "s", "createdAt": "2026-02-02T00:00:00.000Z", "updatedAt": "2026-02-02T00:00:01.000Z"},
    "a": {"id": "a", "kind": "run", "status": "completed", "prompt": "one", "channel": "telegram", "chatId": "7", "requesterId": "7",
          "sessionKey": "s", "requiresApproval": true, "resultText": "done", "workerId": "w", "unknown": 1,
          "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:05.000Z"}},
  "events": {"a": [{"type": "job_created", "ts": "2026-01-01T00:00:00.000Z"},
                   {"type": "agent_text_delta", "ts": "2026-01-01T00:00:01.000Z", "data": {"delta": "done"}},
                   {"type": "of another program", "ts": "2026-01-01T00:00:01.000Z"}, 5]},
  "queue": ["b"], "paused": true, "pauseReason": "holidays"})";

TEST(FirstVersionState, EndedJobsComeAsTheyWereAndOpenOnesAsAborted) {
  const auto read = read_first_version(state(two_jobs));
  ASSERT_EQ(read.jobs.size(), 2U);
  const auto& [old_id, job, events] = read.jobs.front();
  EXPECT_EQ(old_id, "a") << "oldest first";
  EXPECT_EQ(job.status, JobStatus::completed);
  EXPECT_EQ(job.kind, domain::JobKind::run);
  EXPECT_EQ(job.result_text, "done");
  EXPECT_EQ(job.finished_at, job.updated_at);
  EXPECT_EQ(events.size(), 2U);
  EXPECT_EQ(read.jobs.back().job.status, JobStatus::aborted);
  EXPECT_THAT(*read.jobs.back().job.error, HasSubstr("it was running"));
  EXPECT_THAT(read.report.changed, ElementsAre(HasSubstr("the job b was running")));
  EXPECT_THAT(read.report.refused, ElementsAre(HasSubstr("2 events of the job a")));
  EXPECT_TRUE(read.paused);
  EXPECT_EQ(read.pause_reason, "holidays");
}

TEST(FirstVersionState, HalfWrittenAndForeignEntriesAreNamedAndTheRestIsTaken) {
  const auto read = read_first_version(state(R"({"jobs": [
    {"id": "whole", "status": "failed", "prompt": "p", "channel": "api", "chatId": "1", "requesterId": "1", "sessionKey": "s",
     "createdAt": "2026-01-01T00:00:00.000Z"},
    {"id": "half", "status": "completed", "prompt": "p"},
    {"id": "strange", "status": "dreaming", "prompt": "p", "channel": "api", "chatId": "1", "requesterId": "1", "sessionKey": "s",
     "createdAt": "2026-01-01T00:00:00.000Z"},
    {"status": "failed"}, null, 7], "events": {"whole": "none"}})"));
  ASSERT_EQ(read.jobs.size(), 1U);
  EXPECT_THAT(read.report.refused,
              ElementsAre(HasSubstr("events of the job whole are no list"),
                          HasSubstr("the job half cannot be read: "),
                          HasSubstr("the job strange cannot be read: status"), HasSubstr("cannot be told"),
                          HasSubstr("is no object"), HasSubstr("is no object")));
}

TEST(FirstVersionState, WhatIsNoStateIsSaid) {
  for (const char* const text : {"[]", "null", "5"}) {
    EXPECT_THAT(read_first_version(state(text)).report.refused, ElementsAre(HasSubstr("no object"))) << text;
  }
  EXPECT_THAT(read_first_version(state("{}")).report.refused, IsEmpty());
}

TEST(FirstVersionState, ASecondImportAddsNothing) {
  test::TempFolder folder;
  const domain::Timestamp now{std::chrono::milliseconds{1'800'000'000'000}};
  store::SqliteJobStore store(folder.path() / "state.db", now);
  EXPECT_EQ(take_over(store, read_first_version(state(two_jobs)), now).taken, 2);
  const auto again = take_over(store, read_first_version(state(two_jobs)), now);
  EXPECT_EQ(again.taken, 0);
  EXPECT_EQ(again.known, 2);
  const auto jobs = store.list({});
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs.back().prompt, "one") << "newest first";
  EXPECT_EQ(store.events_after(store.find(jobs.back().id)->row, 0).events.size(), 2U);
  EXPECT_TRUE(store.admin_state().paused);
  EXPECT_FALSE(store.has_claimable()) << "nothing is run again";
}

}  // namespace
}  // namespace butler::orchestrator::first_version_test
