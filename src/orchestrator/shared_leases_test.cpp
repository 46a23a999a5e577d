#include <gtest/gtest.h>

#include "orchestrator/job_service.hpp"
#include "orchestrator/lease_service.hpp"
#include "orchestrator/route_table.hpp"
#include "store/job_store_fixture.hpp"

// Leases of two orchestrators on one database.
namespace butler::orchestrator::shared_leases_test {
namespace {

using domain::JobStatus;

constexpr std::chrono::seconds lease{30};
constexpr std::chrono::seconds session_home{300};

/// One of the two, as a process would have it.
struct OneOfTwo {
  OneOfTwo(const std::string& url, const std::string& name)
      : store(url, name, domain::Timestamp{std::chrono::milliseconds{1}}) {
    store.begin();
    store.unit([this] { leases.grant_grace(now()); });
    store.commit();
  }

  static LeaseService::Now now() { return now_on_both_clocks(); }

  template <class Work>
  auto request(Work work) {
    std::optional<decltype(work())> result;
    store.begin();
    store.unit([&] { result.emplace(work()); });
    store.commit();
    return *std::move(result);
  }

  /// As if its own clock were `ahead`.
  void expire(std::chrono::milliseconds ahead = {}) {
    request([&] {
      auto time = now();
      time.steady += ahead;
      leases.expire(time);
      return 0;
    });
  }

  std::optional<api::ClaimedJob> claim(const std::string& worker) {
    api::ClaimRequest body;
    body.worker_id = worker;
    return request([&] { return leases.claim(body, now()); }).value();
  }

  domain::Job job(const std::string& id) { return store.find(id)->job; }

  store::PostgresJobStore store;
  Touched touched;
  LeaseClock clock;
  Measures measures;
  LeaseService leases{store, touched, clock, measures, lease, session_home};
  JobService jobs{store, touched, clock, measures, std::chrono::seconds{600}};
};

class SharedLeasesTest : public testing::Test {
 protected:
  std::string create() {
    api::CreateJobRequest body;
    body.prompt = "do it";
    body.channel = domain::Channel::api;
    body.chat_id = "100";
    body.requester_id = "1001";
    body.session_key = "s1";
    return first.request([&] { return first.jobs.create(body, {}, OneOfTwo::now().wall); })->job.id;
  }

  void change(const std::string& sql) {
    postgres::Connection({.url = place.url(), .application = "other"}).execute(sql);
  }

  store::PostgresPlace place;
  OneOfTwo first{place.url(), "orchestrator-a"};
  OneOfTwo second{place.url(), "orchestrator-b"};
};

TEST_F(SharedLeasesTest, WhatOneRemembersOfALeaseEndsNoneThatItsWorkerRenewsThroughTheOther) {
  const auto id = create();
  const auto claimed = first.claim("w1");
  ASSERT_TRUE(claimed);
  first.expire(std::chrono::hours{1});
  EXPECT_EQ(first.job(id).status, JobStatus::running);
  change("UPDATE leases SET expires_at = 1");
  EXPECT_TRUE(
      second.request([&] { return second.leases.heartbeat(id, claimed->lease_token, 0, second.now()); }));
  first.expire(std::chrono::hours{1});
  second.expire();
  EXPECT_EQ(first.job(id).status, JobStatus::running);
}

TEST_F(SharedLeasesTest, AJobOfTheOneWhoseClockIsBehindComesLaterAllTheSame) {
  api::CreateJobRequest body;
  body.prompt = "do it";
  body.channel = domain::Channel::api;
  body.chat_id = "100";
  body.requester_id = "1001";
  body.session_key = "s1";
  const auto made_by = [&](OneOfTwo& one, std::chrono::hours ahead) {
    return one.request([&] { return one.jobs.create(body, {}, OneOfTwo::now().wall + ahead); })->job.id;
  };
  const auto earlier = made_by(first, std::chrono::hours{2});
  const auto later = made_by(second, std::chrono::hours{0});
  const auto last = made_by(first, std::chrono::hours{-2});
  EXPECT_LT(earlier, later);
  EXPECT_LT(later, last);
  EXPECT_EQ(second.claim("w1")->job.id, earlier);
}

TEST_F(SharedLeasesTest, ALeaseThatIsOverIsEndedOnceByWhicheverLooksFirst) {
  const auto id = create();
  const auto claimed = first.claim("w1");
  change("UPDATE leases SET expires_at = 1");
  second.expire();
  EXPECT_EQ(first.job(id).status, JobStatus::queued);
  first.expire(std::chrono::hours{1});
  EXPECT_EQ(first.request([&] { return first.leases.complete(id, claimed->lease_token, {}, first.now()); })
                .error()
                .code,
            "lease_lost");
  const auto again = second.claim("w2");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->job.attempt, 2);
  first.expire(std::chrono::hours{1});
  EXPECT_EQ(first.job(id).status, JobStatus::running);
}

TEST_F(SharedLeasesTest, WhileNobodyServedNoLeaseRanOut) {
  const auto id = create();
  first.claim("w1");
  change("UPDATE leases SET expires_at = 1; UPDATE orchestrators SET seen_at = 1");
  first.expire();
  second.expire();
  EXPECT_EQ(first.job(id).status, JobStatus::running);
  change(
      "UPDATE leases SET expires_at = 1; UPDATE orchestrators SET seen_at = 1 WHERE name = 'orchestrator-a'");
  first.expire();
  EXPECT_EQ(first.job(id).status, JobStatus::queued) << "the other one was there";
}

TEST_F(SharedLeasesTest, TheMachineThatHoldsAConversationIsNotAwayWhileItCallsTheOther) {
  api::ClaimRequest body;
  body.worker_id = "w1";
  body.session_store = "laptop";
  second.request([&] { return second.leases.claim(body, second.now()); });
  create();
  change("INSERT INTO sessions (session_key, store, used_at) VALUES ('s1', 'laptop', 1)");
  const auto later = [](std::chrono::seconds time) {
    auto now = OneOfTwo::now();
    now.steady += time;
    return now;
  };
  const auto reported = [&] {
    first.request([&] {
      first.leases.report_absent_homes(later(session_home));
      return 0;
    });
    return !first.touched.take().empty();
  };
  first.touched.take();
  second.expire();
  EXPECT_FALSE(reported());
  change("DELETE FROM sightings");
  EXPECT_TRUE(reported());
}

}  // namespace
}  // namespace butler::orchestrator::shared_leases_test
