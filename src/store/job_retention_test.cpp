#include "store/job_store_fixture.hpp"

namespace butler::store::job_retention_test {
namespace {

using std::chrono::days;

/// What is counted and what is removed, whatever the backend.
class JobRetentionTest : public JobStoreTest {
 protected:
  std::string add_ended(const std::string& session = "session-1",
                        const std::optional<std::string>& key = std::nullopt) {
    const auto job = new_job(session);
    durably([&] {
      const auto row = store->insert(job, key);
      store->append_events(row, {delta("a"), delta("b"), delta("c")});
      store->add_message(row, "m1", api::MessageMode::steer, "left", now);
      move(job.id, JobStatus::queued, JobStatus::completed);
    });
    return job.id;
  }

  RemovedRows remove(domain::Timestamp before, std::size_t most = 1'000) {
    RemovedRows removed;
    durably([&] { removed = store->remove_ended(before, most); });
    return removed;
  }

  std::int64_t remove_sessions(domain::Timestamp before, std::size_t most = 100) {
    std::int64_t removed = 0;
    durably([&] { removed = store->remove_sessions(before, most); });
    return removed;
  }
};

TEST_P(JobRetentionTest, JobsThatEndedBeforeGoWithAllThatIsTheirs) {
  const auto old = add_ended("a", "key-1");
  now += days{1};
  const auto young = add_ended("b", "key-2");
  EXPECT_EQ(store->oldest_ended(), now - days{1});

  const auto removed = remove(now);

  EXPECT_EQ(removed.jobs, 1);
  EXPECT_EQ(removed.rows, 4);
  EXPECT_FALSE(store->find(old));
  EXPECT_FALSE(store->find_by_idempotency_key("key-1")) << "a key lives as long as its job";
  EXPECT_TRUE(store->find(young));
  EXPECT_EQ(store->oldest_ended(), now);
}

TEST_P(JobRetentionTest, AJobThatHasNotEndedStaysHoweverOldItIs) {
  const auto queued = add("a");
  const auto waiting = add("b", JobStatus::needs_approval);
  const auto running = add("c");
  durably([&] { move(running, JobStatus::queued, JobStatus::running); });

  EXPECT_EQ(remove(now + days{1'000}).rows, 0);

  EXPECT_EQ(store->oldest_ended(), std::nullopt);
  for (const auto& id : {queued, waiting, running}) EXPECT_TRUE(store->find(id));
}

TEST_P(JobRetentionTest, AJobWhoseDeliveryIsNotAcknowledgedStaysUntilItIs) {
  const auto id = add_ended();
  durably([&] { store->add_delivery(store->find(id)->row, "telegram:1"); });
  EXPECT_EQ(remove(now + days{1}).jobs, 0);
  EXPECT_EQ(store->oldest_ended(), std::nullopt);
  EXPECT_EQ(store->deliveries("telegram:1", 0, 10).size(), 1U);

  durably([&] { store->remove_delivery(store->find(id)->row); });

  EXPECT_EQ(remove(now + days{1}).jobs, 1);
}

TEST_P(JobRetentionTest, AStepRemovesNoMoreThanItMay) {
  add_ended("a");
  add_ended("b");

  std::vector<std::int64_t> steps;
  for (auto removed = remove(now + days{1}, 3); removed.rows > 0; removed = remove(now + days{1}, 3)) {
    steps.push_back(removed.rows);
  }

  EXPECT_EQ(steps, (std::vector<std::int64_t>{3, 3, 2}));
  EXPECT_TRUE(store->list({}).empty());
}

TEST_P(JobRetentionTest, TheOldestGoFirstAndARestartForgetsNothing) {
  const auto first = add_ended("a");
  now += days{1};
  const auto second = add_ended("b");
  remove(now + days{1}, 4);
  EXPECT_FALSE(store->find(first));
  EXPECT_TRUE(store->find(second));

  reopen();

  EXPECT_EQ(remove(now + days{1}).jobs, 1);
}

TEST_P(JobRetentionTest, ASessionIsForgottenWhenItWasNotUsedForThatLong) {
  durably([&] {
    store->bind_session("old", "store-1", now);
    store->bind_session("used", "store-1", now);
  });
  now += days{10};
  durably([&] { store->bind_session("used", "store-2", now); });

  EXPECT_EQ(remove_sessions(now - days{5}), 1);

  EXPECT_EQ(store->session_store("old"), std::nullopt);
  EXPECT_EQ(store->session_store("used"), "store-1") << "using it does not move it";
}

TEST_P(JobRetentionTest, ASessionWithAnOpenJobKeepsItsHome) {
  durably([&] {
    for (const auto* session : {"queued", "running", "done"}) store->bind_session(session, "store-1", now);
  });
  add("queued");
  const auto running = add("running");
  durably([&] { move(running, JobStatus::queued, JobStatus::running); });
  add_ended("done");

  EXPECT_EQ(remove_sessions(now + days{100}), 1);

  EXPECT_TRUE(store->session_store("queued"));
  EXPECT_TRUE(store->session_store("running"));
  EXPECT_FALSE(store->session_store("done"));
}

TEST_P(JobRetentionTest, WhatIsOpenIsCounted) {
  EXPECT_EQ(store->backlog().oldest_queued, std::nullopt);
  const auto made = now;
  add("a");
  now += days{1};
  add("a");
  add("b", JobStatus::needs_approval);
  const auto running = add("c");
  const auto aborting = add("d");
  const auto ended = add_ended("e");
  durably([&] {
    move(running, JobStatus::queued, JobStatus::running);
    move(aborting, JobStatus::queued, JobStatus::running);
    move(aborting, JobStatus::running, JobStatus::aborting);
    store->add_delivery(store->find(ended)->row, "telegram:1");
  });

  const auto backlog = store->backlog();

  EXPECT_EQ(backlog.needs_approval, 1);
  EXPECT_EQ(backlog.queued, 2);
  EXPECT_EQ(backlog.running, 1);
  EXPECT_EQ(backlog.aborting, 1);
  EXPECT_EQ(backlog.deliveries, 1);
  EXPECT_EQ(backlog.oldest_queued, made);
}

TEST_P(JobRetentionTest, ACommitSaysWhetherAnythingWasWritten) {
  store->begin();
  store->unit([&] { store->admin_state(); });
  EXPECT_FALSE(store->commit());
  store->begin();
  store->unit([&] { store->prove_writable(); });
  EXPECT_TRUE(store->commit());
}

INSTANTIATE_TEST_SUITE_P(AllBackends, JobRetentionTest, all_backends(),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace butler::store::job_retention_test
