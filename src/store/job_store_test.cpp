#include "domain/limits.hpp"
#include "store/job_store_fixture.hpp"

namespace butler::store::job_store_test {
namespace {

TEST_P(JobStoreTest, AJobComesBackAsItWasAlsoAfterARestart) {
  auto job = new_job();
  job.thread_id = "7";
  job.metadata.emplace()["key"] = "value with 'quotes'";
  job.labels = {"gpu", "home"};
  job.deliver_to = "telegram:42";
  durably([&] { store->insert(job, "key-1"); });
  reopen();

  const auto found = store->find(job.id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->job.prompt, job.prompt);
  EXPECT_EQ(found->job.thread_id, job.thread_id);
  EXPECT_EQ(found->job.metadata, job.metadata);
  EXPECT_EQ(found->job.labels, job.labels);
  EXPECT_EQ(found->job.deliver_to, job.deliver_to);
  EXPECT_EQ(found->job.created_at, job.created_at);
  EXPECT_FALSE(found->lease);
  EXPECT_EQ(store->find_by_idempotency_key("key-1")->job.id, job.id);
  EXPECT_FALSE(store->find("no-such-job"));
}

TEST_P(JobStoreTest, AUnitThatThrowsTakesOnlyItsOwnWritesWithIt) {
  const auto kept = new_job();
  const auto undone = new_job();
  store->begin();
  store->unit([&] { store->insert(kept, std::nullopt); });
  EXPECT_THROW(store->unit([&] {
    store->insert(undone, std::nullopt);
    throw std::runtime_error("changed my mind");
  }),
               std::runtime_error);
  store->commit();
  EXPECT_TRUE(store->find(kept.id));
  EXPECT_FALSE(store->find(undone.id));
}

TEST_P(JobStoreTest, ALookSeesWhatIsCommittedAndNothingElse) {
  const auto committed = add();
  const auto written = new_job();
  store->begin();
  store->unit([&] { store->insert(written, std::nullopt); });
  EXPECT_TRUE(store->has_written());
  store->look([&] {
    EXPECT_TRUE(store->find(committed));
    EXPECT_FALSE(store->find(written.id));
  });
  store->commit();
  EXPECT_TRUE(store->read([&] { return store->find(written.id).has_value(); }));
}

TEST_P(JobStoreTest, ALookSeesOneMomentAlsoWhenSomethingIsCommittedMeanwhile) {
  const auto written = new_job();
  store->begin();
  store->unit([&] { store->insert(written, std::nullopt); });
  store->look([&] {
    EXPECT_FALSE(store->find(written.id));
    store->commit();
    EXPECT_FALSE(store->find(written.id));
  });
}

TEST_P(JobStoreTest, ALookCannotWrite) {
  EXPECT_THROW(store->look([&] { store->set_admin_state({.paused = true}); }), StoreFault);
  EXPECT_FALSE(store->admin_state().paused);
  add();
  EXPECT_FALSE(store->read([&] { return store->admin_state().paused; })) << "the next look is as ever";
}

TEST_P(JobStoreTest, WhatOnlyReadsHasWrittenNothing) {
  add();
  store->begin();
  store->unit([&] { EXPECT_TRUE(store->has_claimable()); });
  EXPECT_FALSE(store->has_written());
  store->commit();
}

TEST_P(JobStoreTest, AnIdempotencyKeyIsTakenOnce) {
  durably([&] { store->insert(new_job(), "same"); });
  EXPECT_ANY_THROW(durably([&] { store->insert(new_job(), "same"); }));
}

TEST_P(JobStoreTest, TheNewestJobIsKnownByItsId) {
  EXPECT_EQ(store->newest_job_id(), "");
  add("a");
  const auto second = add("b");
  durably([&] { EXPECT_EQ(store->newest_job_id(), second); });
}

TEST_P(JobStoreTest, TheOldestQueuedJobIsClaimable) {
  const auto first = add("a");
  add("b");
  EXPECT_EQ(claimable(), first);
}

TEST_P(JobStoreTest, OneJobOfASessionIsClaimableAtATime) {
  const auto first = add("a");
  const auto second = add("a");
  durably([&] { EXPECT_TRUE(move(first, JobStatus::queued, JobStatus::running)); });
  EXPECT_EQ(claimable(), std::nullopt);
  add("a");
  EXPECT_FALSE(store->has_claimable());
  durably([&] { move(first, JobStatus::running, JobStatus::completed); });
  EXPECT_EQ(claimable(), second);
}

TEST_P(JobStoreTest, AJobThatNeedsApprovalIsNotClaimableAndHoldsNothingBack) {
  const auto waiting = add("a", JobStatus::needs_approval);
  const auto queued = add("a");
  EXPECT_EQ(claimable(), queued);
  durably([&] { move(waiting, JobStatus::needs_approval, JobStatus::queued); });
  EXPECT_EQ(claimable(), waiting) << "queued jobs of a session run in the order of their ids";
  durably([&] { move(waiting, JobStatus::queued, JobStatus::running); });
  EXPECT_EQ(claimable(), std::nullopt);
}

TEST_P(JobStoreTest, AClaimIsFilteredByKindLabelsAndSessionStore) {
  auto labelled = new_job("a");
  labelled.labels = {"gpu"};
  labelled.kind = domain::JobKind::run;
  durably([&] {
    store->insert(labelled, std::nullopt);
    store->refresh_head("a");
    store->bind_session("a", "store-1", now);
    store->bind_session("a", "store-2", now);
  });
  EXPECT_EQ(store->session_store("a"), "store-1") << "a session stays where it first ran";
  EXPECT_EQ(claimable({.session_store = {}, .kinds = {}, .labels = {}}), std::nullopt);
  EXPECT_EQ(claimable({.session_store = "store-2", .kinds = {}, .labels = {"gpu"}}), std::nullopt);
  EXPECT_EQ(claimable({.session_store = "store-1", .kinds = {{domain::JobKind::task}}, .labels = {"gpu"}}),
            std::nullopt);
  EXPECT_EQ(claimable({.session_store = "store-1", .kinds = {}, .labels = {"cpu", "gpu"}}), labelled.id);
  EXPECT_EQ(claimable({.session_store = {}, .kinds = {}, .labels = {"gpu"}}), labelled.id);
  EXPECT_EQ(store->claimable_elsewhere({"store-2"}).size(), 1U);
  EXPECT_TRUE(store->claimable_elsewhere({"store-1"}).empty());
}

TEST_P(JobStoreTest, AChangeOfAJobThatSomebodyElseHasChangedIsRefused) {
  const auto id = add();
  durably([&] {
    EXPECT_TRUE(move(id, JobStatus::queued, JobStatus::running));
    EXPECT_FALSE(move(id, JobStatus::queued, JobStatus::running));
  });
}

TEST_P(JobStoreTest, AChangeWithAStaleLeaseIsRefused) {
  const auto id = add();
  durably([&] {
    auto record = *store->find(id);
    record.job.status = JobStatus::running;
    store->update(record, JobStatus::queued);
    Lease lease;
    lease.token = "new";
    lease.worker_id = "w2";
    lease.claim_id = "claim-2";
    store->put_lease(record.row, lease);
    record.lease = Lease{};
    record.lease->token = "old";
    record.job.status = JobStatus::failed;
    record.job.finished_at = now;
    EXPECT_FALSE(store->update(record, JobStatus::running));
  });
  EXPECT_EQ(store->find_by_claim("claim-2")->lease->worker_id, "w2");
  EXPECT_EQ(store->leased().size(), 1U);
  durably([&] { store->remove_lease(store->find(id)->row); });
  EXPECT_FALSE(store->find(id)->lease);
}

TEST_P(JobStoreTest, EventsAreNumberedPerJobAndReadByCursor) {
  const auto one = add("a");
  const auto other = add("b");
  const auto row = store->find(one)->row;
  durably([&] {
    EXPECT_EQ(store->append_events(row, {delta("a"), delta("b")}), 2);
    EXPECT_EQ(store->append_events(store->find(other)->row, {delta("x")}), 1);
    EXPECT_EQ(store->append_events(row, {delta("c")}), 3);
  });
  const auto page = store->events_after(row, 1);
  ASSERT_EQ(page.events.size(), 2U);
  EXPECT_EQ(page.events.front().seq, 2);
  EXPECT_EQ(page.total, 3);
  EXPECT_FALSE(page.truncated);
  EXPECT_EQ(store->text_so_far(row), "abc");
}

TEST_P(JobStoreTest, TheCapDropsOldEventsButKeepsTheTextAndTheFirstOnes) {
  const auto id = add();
  const auto row = store->find(id)->row;
  StoredEvent created;
  created.type = domain::EventType::job_created;
  std::string text;
  durably([&] {
    store->append_events(row, {created});
    for (int batch = 0; batch < 60; ++batch) {
      const std::vector<StoredEvent> events(100, delta(std::string(1, static_cast<char>('a' + batch % 26))));
      store->append_events(row, events);
      text.append(100, static_cast<char>('a' + batch % 26));
    }
  });
  const auto page = store->events_after(row, 0);
  EXPECT_EQ(page.total, static_cast<std::int64_t>(domain::limits::events_per_job));
  EXPECT_TRUE(page.truncated);
  EXPECT_EQ(page.events.size(), domain::limits::events_per_page);
  EXPECT_EQ(page.events.front().type, domain::EventType::job_created);
  EXPECT_EQ(page.events.front().seq, 1);
  EXPECT_EQ(page.events.at(1).seq, 6001 - 5000 + 2);
  EXPECT_EQ(store->text_so_far(row), text) << "the cap never shortens the text";
  EXPECT_FALSE(store->events_after(row, 5'900).truncated);
}

TEST_P(JobStoreTest, APageOfEventsIsBoundedInBytes) {
  const auto row = store->find(add())->row;
  StoredEvent large;
  large.data = "\"" + std::string(60'000, 'x') + "\"";
  durably([&] { store->append_events(row, std::vector<StoredEvent>(100, large)); });
  const auto page = store->events_after(row, 0);
  EXPECT_GT(page.events.size(), 1U);
  EXPECT_LT(page.events.size(), 20U);
}

TEST_P(JobStoreTest, AMessageIsTakenOnceAndRepeatedUntilItIsAcknowledged) {
  const auto row = store->find(add())->row;
  durably([&] {
    EXPECT_EQ(store->add_message(row, "k1", api::MessageMode::steer, "left", now), 1);
    EXPECT_EQ(store->add_message(row, "k2", api::MessageMode::follow_up, "right", now), 2);
    EXPECT_EQ(store->add_message(row, "k1", api::MessageMode::steer, "left", now), 1);
  });
  EXPECT_EQ(store->open_messages(row).size(), 2U);
  durably([&] { store->acknowledge_messages(row, 1); });
  ASSERT_EQ(store->open_messages(row).size(), 1U);
  EXPECT_EQ(store->open_messages(row).front().text, "right");
}

TEST_P(JobStoreTest, ADeliveryWaitsForItsReceiverUntilItIsAcknowledged) {
  const auto one = add("a");
  const auto two = add("b");
  durably([&] {
    store->add_delivery(store->find(one)->row, "telegram:1");
    store->add_delivery(store->find(two)->row, "telegram:2");
  });
  reopen();
  auto waiting = store->deliveries("telegram:1", 0, 10);
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting.front().job.id, one);
  EXPECT_TRUE(store->deliveries("telegram:1", waiting.front().seq, 10).empty());
  durably([&] {
    store->remove_delivery(store->find(one)->row);
    store->remove_delivery(store->find(one)->row);
  });
  EXPECT_TRUE(store->deliveries("telegram:1", 0, 10).empty());
  durably([&] { store->add_delivery(store->find(one)->row, "telegram:1"); });
  EXPECT_GT(store->deliveries("telegram:1", 0, 10).front().seq, waiting.front().seq)
      << "a seq is never used twice";
}

TEST_P(JobStoreTest, ThePauseSurvivesARestart) {
  EXPECT_FALSE(store->admin_state().paused);
  durably([&] { store->set_admin_state({true, "lunch", now}); });
  reopen();
  EXPECT_TRUE(store->admin_state().paused);
  EXPECT_EQ(store->admin_state().pause_reason, "lunch");
}

TEST_P(JobStoreTest, JobsAreListedNewestFirstByWhatTheyAreFilteredBy) {
  const auto first = add("a");
  const auto second = add("b");
  const auto third = add("c", JobStatus::needs_approval);
  JobFilter filter;
  ASSERT_EQ(store->list(filter).size(), 3U);
  EXPECT_EQ(store->list(filter).front().id, third);
  filter.status = JobStatus::queued;
  EXPECT_EQ(store->list(filter).size(), 2U);
  filter.before = second;
  ASSERT_EQ(store->list(filter).size(), 1U);
  EXPECT_EQ(store->list(filter).front().id, first);
  filter = {};
  filter.session_key = "b";
  EXPECT_EQ(store->list(filter).size(), 1U);
  filter.chat_id = "other";
  EXPECT_TRUE(store->list(filter).empty());
}

TEST_P(JobStoreTest, ATerminalStatusWithoutItsTimeIsRefusedByTheSchema) {
  const auto id = add();
  EXPECT_ANY_THROW(durably([&] {
    auto record = *store->find(id);
    record.job.status = JobStatus::completed;
    store->update(record, JobStatus::queued);
  }));
}

INSTANTIATE_TEST_SUITE_P(AllBackends, JobStoreTest, all_backends(),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace butler::store::job_store_test
