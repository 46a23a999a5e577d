#include <gmock/gmock.h>

#include "store/job_store_fixture.hpp"

namespace butler::store::postgres_job_store_test {
namespace {

using testing::HasSubstr;

/// What only PostgreSQL's store promises.
class PostgresJobStoreTest : public testing::Test {
 protected:
  std::unique_ptr<PostgresJobStore> open(const std::string& application) {
    return std::make_unique<PostgresJobStore>(place.url(), application, domain::Timestamp{milliseconds{1}});
  }

  static domain::Job job(const std::string& prompt) {
    domain::Job made;
    made.id = "job-" + prompt.substr(0, 1);
    made.prompt = prompt;
    made.chat_id = "100";
    made.requester_id = "1001";
    made.session_key = made.id;
    return made;
  }

  static void add(JobStore& store, const domain::Job& one) {
    store.begin();
    store.unit([&] {
      store.insert(one, std::nullopt);
      store.refresh_head(one.session_key);
    });
    store.commit();
  }

  PostgresPlace place;
};

TEST_F(PostgresJobStoreTest, ANewerSchemaWaitsUntilEveryOrchestratorHasStoppedAndNamesThem) {
  auto first = open("orchestrator-a");
  postgres::Connection({.url = place.url(), .application = "other"})
      .execute(
          "DELETE FROM migrations WHERE version = 2; DROP TABLE announcements, orchestrators, sightings; "
          "ALTER TABLE leases DROP COLUMN expires_at");
  try {
    open("orchestrator-b");
    FAIL() << "the schema was changed under one that works with it";
  } catch (const postgres::ConnectionLost& refusal) {
    EXPECT_THAT(refusal.what(), HasSubstr("is in use by orchestrator-a from its own machine since 20"));
  }
  first.reset();
  EXPECT_FALSE(open("orchestrator-b")->has_claimable());
}

TEST_F(PostgresJobStoreTest, TwoTakeTurnsAndEachSeesWhatTheOtherHasCommitted) {
  const auto first = open("orchestrator-a");
  const auto second = open("orchestrator-b");
  add(*first, job("a"));
  second->begin();
  second->unit([&] {
    auto record = *second->find("job-a");
    record.job.status = JobStatus::running;
    EXPECT_TRUE(second->update(record, JobStatus::queued));
  });
  second->commit();
  first->begin();
  first->unit([&] { EXPECT_FALSE(first->oldest_claimable({})); });
  first->commit();
}

TEST_F(PostgresJobStoreTest, AProcessThatIsStoppedInsideATransactionHoldsNobodyUpForLong) {
  const auto stopped = open("orchestrator-a");
  const auto other = open("orchestrator-b");
  stopped->begin();
  stopped->unit([&] { stopped->insert(job("a"), std::nullopt); });

  EXPECT_THROW(add(*other, job("b")), StoreFault) << "it has waited for four seconds";
  other->rollback();
  add(*other, job("b"));

  EXPECT_ANY_THROW(stopped->commit());
  EXPECT_FALSE(other->find("job-a"));
  EXPECT_TRUE(other->find("job-b"));
}

TEST_F(PostgresJobStoreTest, WhatItsOwnLostConnectionStillHoldsIsTakenBack) {
  const auto lost = open("orchestrator-a");
  const auto again = open("orchestrator-a");
  EXPECT_FALSE(again->has_claimable());
}

TEST_F(PostgresJobStoreTest, AJobThatSomebodyIsClaimingIsPassedOver) {
  const auto store = open("orchestrator-a");
  add(*store, job("a"));
  add(*store, job("b"));
  postgres::Connection other({.url = place.url(), .application = "other"});
  const postgres::Transaction claiming(other);
  other.query("SELECT 1 FROM jobs WHERE id = 'job-a' FOR UPDATE");

  EXPECT_EQ(store->oldest_claimable({})->job.id, "job-b");
}

TEST_F(PostgresJobStoreTest, LabelsAreMatchedWhateverIsInThem) {
  const auto store = open("orchestrator-a");
  auto labelled = job("a");
  labelled.labels = {"gpu", std::string("n\0l", 3), "say \"\\u0000\", {x}"};
  add(*store, labelled);
  ClaimFilter filter;
  EXPECT_FALSE(store->oldest_claimable(filter));
  filter.labels = *labelled.labels;
  EXPECT_TRUE(store->oldest_claimable(filter));
  filter.labels.pop_back();
  EXPECT_FALSE(store->oldest_claimable(filter));
  filter.labels = *labelled.labels;
  filter.labels.emplace_back("more");
  EXPECT_TRUE(store->oldest_claimable(filter));
  filter.kinds.emplace();
  EXPECT_FALSE(store->oldest_claimable(filter));
}

TEST_F(PostgresJobStoreTest, WhatPostgresCannotKeepStopsNoJobAndBreaksNoChain) {
  const auto store = open("orchestrator-a");
  auto odd = job("a");
  odd.prompt = std::string("a\0b", 3);
  odd.metadata.emplace()["key"] = odd.prompt;
  add(*store, odd);
  const auto found = store->find(odd.id);
  EXPECT_EQ(found->job.prompt,
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(found->job.metadata, odd.metadata);

  store->begin();
  store->unit([&] {
    store->audit().append({.ts = {}, .actor = odd.prompt, .action = "tested", .subject = odd.prompt});
    store->audit().append({.ts = {}, .actor = "b", .action = "tested", .subject = "b"});
  });
  store->commit();
  api::AuditCheck check;
  for (const auto& row : store->audit().rows_after(0, 10)) EXPECT_EQ(check.next(row), std::nullopt);
}

TEST_F(PostgresJobStoreTest, TheAuditLogRefusesEveryOtherChange) {
  const auto store = open("orchestrator-a");
  store->begin();
  store->unit([&] { store->audit().append({.ts = {}, .actor = "a", .action = "tested", .subject = "a"}); });
  store->commit();
  postgres::Connection other({.url = place.url(), .application = "other"});
  for (const auto* const change :
       {"UPDATE audit SET actor = 'b'", "DELETE FROM audit", "TRUNCATE audit",
        "INSERT INTO audit SELECT 3, ts, actor, action, subject, details, previous, hash FROM audit"}) {
    EXPECT_THROW(other.query(change), postgres::Error) << change;
  }
}

TEST_F(PostgresJobStoreTest, APartThatIsUndoneIsForgottenAndTheNextGoesOnFromWhatIsStored) {
  const auto store = open("orchestrator-a");
  add(*store, job("a"));
  store->begin();
  store->unit([&] { store->audit().append({.ts = {}, .actor = "a", .action = "kept", .subject = "a"}); });
  EXPECT_ANY_THROW(store->unit([&] {
    const auto row = store->find("job-a")->row;
    EXPECT_EQ(store->append_events(row, {StoredEvent{}}), 1);
    store->audit().append({.ts = {}, .actor = "a", .action = "undone", .subject = "a"});
    store->insert(job("b"), std::nullopt);
    store->refresh_head("job-b");
    EXPECT_TRUE(store->has_claimable());
    throw std::runtime_error("refused");
  }));
  store->unit([&] {
    const auto row = store->find("job-a")->row;
    EXPECT_EQ(store->append_events(row, {StoredEvent{}, StoredEvent{}}), 2);
    store->audit().append({.ts = {}, .actor = "a", .action = "kept too", .subject = "a"});
    EXPECT_EQ(store->newest_job_id(), "job-a");
  });
  store->commit();
  api::AuditCheck check;
  for (const auto& row : store->audit().rows_after(0, 10)) EXPECT_EQ(check.next(row), std::nullopt);
  EXPECT_EQ(check.rows(), 2);
  EXPECT_EQ(store->events_after(store->find("job-a")->row, 0).events.size(), 2U);
}

TEST_F(PostgresJobStoreTest, TheHeadOfASessionIsLookedForAgainAlsoBehindANewJobThatIsNone) {
  const auto store = open("orchestrator-a");
  auto waiting = job("a");
  waiting.attachments = {"x"};
  store->begin();
  store->unit([&] {
    store->artifacts().await_attachments(store->insert(waiting, std::nullopt), domain::Timestamp{});
    store->refresh_head(waiting.session_key);
    EXPECT_FALSE(store->has_claimable());
  });
  store->commit();

  auto behind = job("b");
  behind.session_key = waiting.session_key;
  behind.status = JobStatus::needs_approval;
  store->begin();
  store->unit([&] {
    store->insert(behind, std::nullopt);
    const auto row = store->find("job-a")->row;
    const api::Artifact artifact{.name = "x",
                                 .size = 1,
                                 .sha256 = std::string(64, '0'),
                                 .content_type = "text/plain",
                                 .kind = {},
                                 .caption = {},
                                 .source = api::ArtifactSource::gateway,
                                 .created_at = {}};
    store->artifacts().insert(row, artifact);
    EXPECT_TRUE(store->artifacts().end_wait_if_complete(row));
    bool claimable = false;
    store->refresh_head_then(waiting.session_key, [&] { claimable = true; });
    EXPECT_EQ(store->oldest_claimable({})->job.id, "job-a");
    EXPECT_TRUE(claimable);
  });
  store->commit();
}

TEST_F(PostgresJobStoreTest, AFaultThatComesWithTheAnswerUndoesItsPartAndNoOther) {
  const auto store = open("orchestrator-a");
  add(*store, job("a"));
  store->begin();
  store->unit([&] { store->insert(job("b"), std::nullopt); });
  EXPECT_THROW(store->unit([&] {
    auto record = *store->find("job-a");
    postgres::Connection({.url = place.url(), .application = "other"})
        .execute("UPDATE jobs SET status = 'needs_approval', claimable = 0 WHERE id = 'job-a'");
    record.job.status = JobStatus::running;
    EXPECT_TRUE(store->update(record, JobStatus::queued)) << "others wait for the lock before they write";
  }),
               StoreFault);
  EXPECT_THROW(store->unit([&] { store->insert(job("b"), std::nullopt); }), StoreFault) << "the id is taken";
  store->unit([&] { store->insert(job("c"), std::nullopt); });
  store->commit();
  EXPECT_EQ(store->find("job-a")->job.status, JobStatus::needs_approval);
  EXPECT_TRUE(store->find("job-b"));
  EXPECT_TRUE(store->find("job-c"));
}

TEST_F(PostgresJobStoreTest, ABatchThatIsCutOffLeavesNothingAndTheNextIsWhole) {
  const auto store = open("orchestrator-a");
  store->begin();
  store->unit([&] { store->insert(job("a"), std::nullopt); });
  test::PostgresServer::instance().end_connections();
  EXPECT_THROW(store->unit([&] { store->insert(job("b"), std::nullopt); }), StoreFault);
  EXPECT_FALSE(store->in_transaction());
  store->rollback();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
  for (bool back = false; !back && std::chrono::steady_clock::now() < deadline;) {
    try {
      add(*store, job("c"));
      back = true;
    } catch (const StoreFault&) {
      std::this_thread::sleep_for(milliseconds{10});
    }
  }
  EXPECT_FALSE(store->find("job-a"));
  EXPECT_FALSE(store->find("job-b"));
  EXPECT_TRUE(store->find("job-c"));
}

}  // namespace
}  // namespace butler::store::postgres_job_store_test
