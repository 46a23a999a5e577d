#include "store/job_store_fixture.hpp"

namespace butler::store::artifact_store_test {
namespace {

using std::chrono::days;
using std::chrono::minutes;

/// What is known of files, and jobs that wait for some, whatever the backend.
class ArtifactStoreTest : public JobStoreTest {
 protected:
  static api::Artifact artifact(const std::string& name, std::int64_t size = 10) {
    return {.name = name,
            .size = size,
            .sha256 = std::string(64, 'a'),
            .content_type = "image/jpeg",
            .kind = api::ArtifactKind::photo,
            .caption = "a \xF0\x9F\x98\x80",
            .source = api::ArtifactSource::gateway,
            .created_at = domain::Timestamp{milliseconds{1'700'000'000'123}}};
  }

  /// A job that waits for these until `due`.
  std::string add_waiting(std::vector<std::string> names, const std::string& session = "session-1",
                          JobStatus status = JobStatus::queued) {
    auto job = new_job(session, status);
    job.attachments = std::move(names);
    durably([&] {
      store->artifacts().await_attachments(store->insert(job, std::nullopt), due());
      store->refresh_head(session);
    });
    return job.id;
  }

  domain::Timestamp due() const { return now + minutes{10}; }
  std::int64_t row(const std::string& id) { return store->find(id)->row; }

  /// As the orchestrator puts one.
  bool put(const std::string& id, const api::Artifact& one) {
    bool complete = false;
    durably([&] {
      const auto job = *store->find(id);
      store->artifacts().insert(job.row, one);
      complete = store->artifacts().end_wait_if_complete(job.row);
      if (complete) store->refresh_head(job.job.session_key);
    });
    return complete;
  }
};

TEST_P(ArtifactStoreTest, AnArtifactComesBackAsItWasAlsoAfterARestart) {
  const auto id = add();
  put(id, artifact("b.jpg"));
  auto bare = artifact("a", 0);
  bare.kind.reset();
  bare.caption.reset();
  bare.source = api::ArtifactSource::worker;
  put(id, bare);
  reopen();

  const auto list = store->artifacts().of_job(row(id));

  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].name, "b.jpg") << "in the order in which they came";
  EXPECT_EQ(list[0].size, 10);
  EXPECT_EQ(list[0].sha256, std::string(64, 'a'));
  EXPECT_EQ(list[0].content_type, "image/jpeg");
  EXPECT_EQ(list[0].kind, api::ArtifactKind::photo);
  EXPECT_EQ(list[0].caption, "a \xF0\x9F\x98\x80");
  EXPECT_EQ(list[0].created_at, domain::Timestamp{milliseconds{1'700'000'000'123}});
  EXPECT_EQ(list[1].kind, std::nullopt);
  EXPECT_EQ(list[1].caption, std::nullopt);
  EXPECT_EQ(list[1].source, api::ArtifactSource::worker);
  EXPECT_EQ(store->artifacts().find(row(id), "a")->size, 0);
  EXPECT_FALSE(store->artifacts().find(row(id), "c"));
  EXPECT_FALSE(store->artifacts().find(row(add("other")), "a"));
  EXPECT_EQ(store->artifacts().names(id), (std::vector<std::string>{"a", "b.jpg"}));
  EXPECT_TRUE(store->artifacts().names("no-job").empty());
}

TEST_P(ArtifactStoreTest, BytesAreCountedPerJobAndForAllAndGoWithTheJob) {
  const auto one = add("a");
  const auto other = add("b");
  put(one, artifact("a", 100));
  put(one, artifact("b", 20));
  put(other, artifact("a", 3));
  EXPECT_EQ(store->artifacts().used_by(row(one)).count, 2);
  EXPECT_EQ(store->artifacts().used_by(row(one)).bytes, 120);
  EXPECT_EQ(store->artifacts().bytes(), 123);

  durably([&] { move(one, JobStatus::queued, JobStatus::aborted); });
  durably([&] { move(other, JobStatus::queued, JobStatus::aborted); });
  RemovedRows removed;
  durably([&] { removed = store->remove_ended(now + days{1}, 1); });
  EXPECT_EQ(removed.with_artifacts, std::vector<std::string>{one});
  EXPECT_EQ(store->artifacts().bytes(), 3);
  durably([&] { removed = store->remove_ended(now + days{1}, 100); });

  EXPECT_EQ(removed.with_artifacts, std::vector<std::string>{other});
  EXPECT_EQ(store->artifacts().bytes(), 0);
}

TEST_P(ArtifactStoreTest, TheSameNameTwiceIsAFault) {
  const auto id = add();
  put(id, artifact("a", 5));

  EXPECT_ANY_THROW(put(id, artifact("a", 5)));
  store->rollback();

  EXPECT_EQ(store->artifacts().bytes(), 5);
}

TEST_P(ArtifactStoreTest, AJobIsClaimableWhenItsLastAttachmentIsThere) {
  const auto id = add_waiting({"1-a", "2-b"});
  EXPECT_EQ(claimable(), std::nullopt);
  EXPECT_FALSE(store->has_claimable());

  EXPECT_FALSE(put(id, artifact("2-b")));
  EXPECT_FALSE(put(id, artifact("something-else")));
  EXPECT_EQ(store->artifacts().missing_attachments(row(id)), std::vector<std::string>{"1-a"});
  reopen();
  EXPECT_EQ(claimable(), std::nullopt);
  EXPECT_TRUE(put(id, artifact("1-a")));

  EXPECT_EQ(claimable(), id);
  EXPECT_EQ(store->find(id)->job.attachments, (std::vector<std::string>{"1-a", "2-b"}));
  EXPECT_EQ(store->artifacts().next_due(), std::nullopt);
  EXPECT_FALSE(put(id, artifact("later"))) << "nothing waits any more";
}

TEST_P(ArtifactStoreTest, OneThatWaitsHoldsBackThoseBehindItInItsSessionOnly) {
  const auto waiting = add_waiting({"1-a"}, "a");
  const auto behind = add("a");
  const auto elsewhere = add("b");
  EXPECT_EQ(claimable(), elsewhere);
  durably([&] { move(elsewhere, JobStatus::queued, JobStatus::aborted); });
  EXPECT_EQ(claimable(), std::nullopt);

  durably([&] { move(waiting, JobStatus::queued, JobStatus::aborted); });

  EXPECT_EQ(claimable(), behind);
  EXPECT_EQ(store->artifacts().next_due(), std::nullopt) << "who has ended waits for nothing";
}

TEST_P(ArtifactStoreTest, AnOlderOneThatJoinsTheQueueAndWaitsTakesTheTurnOfTheYounger) {
  const auto older = add_waiting({"1-a"}, "a", JobStatus::needs_approval);
  const auto younger = add("a");
  EXPECT_EQ(claimable(), younger);

  durably([&] { move(older, JobStatus::needs_approval, JobStatus::queued); });
  EXPECT_EQ(claimable(), std::nullopt);
  EXPECT_EQ(store->artifacts().next_due(), due()) << "approval does not end the wait";
  put(older, artifact("1-a"));

  EXPECT_EQ(claimable(), older);
}

TEST_P(ArtifactStoreTest, WaitsEndInTheOrderOfTheirTimesAlsoAfterARestart) {
  const auto first = add_waiting({"1-a"}, "a");
  const auto first_due = due();
  now += minutes{1};
  const auto second = add_waiting({"1-a"}, "b", JobStatus::needs_approval);
  const auto second_due = due();
  reopen();
  EXPECT_EQ(store->artifacts().next_due(), first_due);

  EXPECT_TRUE(store->artifacts().overdue(first_due - milliseconds{1}).empty());
  EXPECT_EQ(store->artifacts().overdue(first_due), std::vector<std::string>{first});
  EXPECT_EQ(store->artifacts().overdue(second_due), (std::vector<std::string>{first, second}));
}

INSTANTIATE_TEST_SUITE_P(AllBackends, ArtifactStoreTest, all_backends(),
                         [](const auto& backend) { return backend.param.name; });

}  // namespace
}  // namespace butler::store::artifact_store_test
