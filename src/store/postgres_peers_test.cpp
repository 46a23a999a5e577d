#include "store/postgres_peers.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>

#include "async/task_group.hpp"
#include "store/job_store_fixture.hpp"

namespace butler::store::postgres_peers_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Two orchestrators on one database.
class PostgresPeersTest : public testing::Test {
 protected:
  std::unique_ptr<PostgresJobStore> open(const std::string& name) {
    return std::make_unique<PostgresJobStore>(place.url(), name, domain::Timestamp{milliseconds{1}});
  }

  template <class Work>
  static auto in_transaction(JobStore& store, Work work) {
    std::optional<decltype(work())> result;
    store.begin();
    store.unit([&] { result.emplace(work()); });
    store.commit();
    return *std::move(result);
  }

  static Lease lease(const std::string& token) {
    Lease made;
    made.token = token;
    made.worker_id = "w";
    return made;
  }

  /// A job that a worker holds. Returns its row.
  std::int64_t running_job(const std::string& id) {
    domain::Job job;
    job.id = id;
    job.prompt = "work";
    job.chat_id = "100";
    job.requester_id = "1001";
    job.session_key = id;
    return in_transaction(*first, [&] {
      const auto row = first->insert(job, std::nullopt);
      auto record = *first->find(id);
      record.job.status = JobStatus::running;
      EXPECT_TRUE(first->update(record, JobStatus::queued));
      first->put_lease(row, lease("t"));
      return row;
    });
  }

  std::vector<std::string> expired(JobStore& store) {
    return in_transaction(store, [&] { return store.peers()->expired_leases(); });
  }
  void extend(JobStore& store, std::int64_t row, milliseconds lease) {
    in_transaction(store, [&] {
      store.peers()->extend_lease(row, lease);
      return 0;
    });
  }

  PostgresPlace place;
  std::unique_ptr<PostgresJobStore> first = open("orchestrator-a");
  std::unique_ptr<PostgresJobStore> second = open("orchestrator-b");
};

TEST_F(PostgresPeersTest, ALeaseThatOneExtendsIsSeenByAllAndItsEndToo) {
  const auto row = running_job("job-a");
  EXPECT_THAT(expired(*second), ElementsAre("job-a"));
  extend(*first, row, milliseconds{60'000});
  EXPECT_THAT(expired(*second), IsEmpty());
  in_transaction(*second, [&] {
    second->put_lease(row, lease("next"));
    return 0;
  });
  EXPECT_THAT(expired(*first), IsEmpty()) << "what the lease says of the worker leaves its time alone";
}

TEST_F(PostgresPeersTest, ALeaseIsWrittenOnlyWhenTheRowSaysLess) {
  const auto row = running_job("job-a");
  const auto extend_once = [&] {
    first->begin();
    first->unit([&] { first->peers()->extend_lease(row, milliseconds{60'000}); });
    return first->commit();
  };
  EXPECT_TRUE(extend_once());
  EXPECT_FALSE(extend_once());
}

TEST_F(PostgresPeersTest, WhereNobodyServedForAWhileItIsSaid) {
  const auto attend = [](JobStore& store, milliseconds gap) {
    return in_transaction(store, [&] { return store.peers()->attend(gap); });
  };
  EXPECT_FALSE(attend(*first, milliseconds{60'000}));
  EXPECT_TRUE(attend(*first, milliseconds{60'000}));
  EXPECT_TRUE(attend(*second, milliseconds{60'000}));
  std::this_thread::sleep_for(milliseconds{5});
  EXPECT_FALSE(attend(*second, milliseconds{2}));
}

TEST_F(PostgresPeersTest, EveryHeldJobGetsAGraceLeaseAndNoneRunsMuchLongerThanThat) {
  const auto row = running_job("job-a");
  running_job("job-b");
  in_transaction(*second, [&] {
    second->peers()->extend_all_leases(milliseconds{60'000});
    return 0;
  });
  EXPECT_THAT(expired(*first), IsEmpty());
  extend(*first, row, std::chrono::hours{1'000});
  in_transaction(*second, [&] {
    second->peers()->bound_leases(milliseconds{0});
    return 0;
  });
  std::this_thread::sleep_for(milliseconds{5});
  EXPECT_THAT(expired(*first), ElementsAre("job-a", "job-b"));
}

TEST_F(PostgresPeersTest, AnotherFolderOfArtifactsIsNamedWhileItsOwnerServes) {
  const auto enter = [](JobStore& store, const std::string& folder, milliseconds recently) {
    return in_transaction(store, [&] {
      auto other = store.peers()->enter(folder, recently);
      if (!other) store.peers()->attend(milliseconds{1});
      return other;
    });
  };
  EXPECT_EQ(enter(*first, "folder", milliseconds{60'000}), std::nullopt);
  EXPECT_EQ(enter(*second, "another", milliseconds{60'000}), "orchestrator-a");
  EXPECT_EQ(enter(*second, "folder", milliseconds{60'000}), std::nullopt);
  std::this_thread::sleep_for(milliseconds{5});
  EXPECT_EQ(enter(*second, "another", milliseconds{2}), std::nullopt);
}

TEST_F(PostgresPeersTest, WhoHasCalledOneIsKnownToTheOthers) {
  in_transaction(*first, [&] {
    const std::string odd("w\0", 2);
    first->peers()->put_sightings(
        SightingKind::worker,
        {{.name = "near", .ago = milliseconds{0}, .present_for = milliseconds{60'000}},
         {.name = odd, .ago = milliseconds{5}, .present_for = milliseconds{-10}},
         {.name = "w\xEF\xBF\xBD", .ago = milliseconds{9}, .present_for = milliseconds{-10}}});
    return 0;
  });
  const auto seen =
      in_transaction(*second, [&] { return second->peers()->sightings_elsewhere(SightingKind::worker); });
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].name, "near");
  EXPECT_GT(seen[0].present_for, milliseconds{0});
  EXPECT_LT(seen[1].present_for, milliseconds{0});
  EXPECT_THAT(
      in_transaction(*first, [&] { return first->peers()->sightings_elsewhere(SightingKind::worker); }),
      IsEmpty());
}

TEST_F(PostgresPeersTest, WhatOneAnnouncesTheOtherHearsWhenItIsCommitted) {
  boost::asio::io_context context{1};
  async::TaskGroup tasks{context.get_executor()};
  std::vector<std::string> heard;
  bool listening = false;
  tasks.spawn("listen", second->peers()->listen(context.get_executor(),
                                                {.heard =
                                                     [&](const Peers::Announcement& one) {
                                                       heard.push_back(std::to_string(one.number) + " " +
                                                                       one.from + " " + one.text);
                                                     },
                                                 .listening = [&] { listening = true; }}));
  const auto run_until = [&](const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      context.run_one_for(milliseconds{100});
    }
  };
  run_until([&] { return listening; });
  first->begin();
  first->unit([&] { first->peers()->announce({"undone"}); });
  first->rollback();
  for (const std::string text : {"[\"say \\\"hello\\\", {x}\"]", "second"}) {
    in_transaction(*first, [&] {
      first->peers()->announce({text, text + " more"});
      return 0;
    });
  }
  run_until([&] { return heard.size() == 4; });
  EXPECT_THAT(heard, ElementsAre("1 orchestrator-a [\"say \\\"hello\\\", {x}\"]",
                                 "1 orchestrator-a [\"say \\\"hello\\\", {x}\"] more",
                                 "2 orchestrator-a second", "2 orchestrator-a second more"));
  EXPECT_EQ(second->peers()->announced(), 2);
}

}  // namespace
}  // namespace butler::store::postgres_peers_test
