#include <gtest/gtest.h>

#include "orchestrator/job_service.hpp"
#include "orchestrator/lease_service.hpp"
#include "orchestrator/route_table.hpp"
#include "store/job_store_fixture.hpp"

// How often a request waits for the database's server: all orchestrators stand in line meanwhile.
namespace butler::orchestrator::round_trips_test {
namespace {

class RoundTripsTest : public testing::Test {
 protected:
  RoundTripsTest() {
    store.begin();
    store.unit([this] { leases.grant_grace(now_on_both_clocks()); });
    // What a batch needs once.
    store.unit([this] { EXPECT_TRUE(jobs.create(body("s0"), {}, now_on_both_clocks().wall)); });
    store.unit([this] { EXPECT_TRUE(*leases.claim(worker(), now_on_both_clocks())); });
  }

  ~RoundTripsTest() override {
    store.commit();
    api::AuditCheck check;
    for (const auto& row : store.audit().rows_after(0, 100)) EXPECT_EQ(check.next(row), std::nullopt);
  }

  static api::CreateJobRequest body(const std::string& session) {
    api::CreateJobRequest create;
    create.prompt = "do it";
    create.channel = domain::Channel::telegram;
    create.chat_id = "100";
    create.requester_id = "1001";
    create.session_key = session;
    return create;
  }

  static api::ClaimRequest worker() {
    api::ClaimRequest claim;
    claim.worker_id = "w1";
    claim.session_store = "store-1";
    return claim;
  }

  /// How often a request of the batch that is open waits.
  std::int64_t rounds(const std::function<void()>& request) {
    const auto before = store.rounds();
    store.unit(request);
    return store.rounds() - before;
  }

  std::int64_t rounds_of_create(const std::string& session) {
    return rounds([&] { EXPECT_TRUE(jobs.create(body(session), {}, now_on_both_clocks().wall)); });
  }

  std::int64_t rounds_of_claim() {
    return rounds([this] {
      const auto outcome = leases.claim(worker(), now_on_both_clocks());
      ASSERT_TRUE(outcome && *outcome);
      claimed = **outcome;
    });
  }

  std::int64_t rounds_of_complete(const api::CompleteRequest& request) {
    return rounds([&] {
      const auto done = leases.complete(claimed.job.id, claimed.lease_token, request, now_on_both_clocks());
      ASSERT_TRUE(done);
      if (done->next) claimed = *done->next;
    });
  }

  store::PostgresPlace place;
  store::PostgresJobStore store{place.url(), "orchestrator", domain::Timestamp{std::chrono::milliseconds{1}}};
  Touched touched;
  LeaseClock clock;
  Measures measures;
  LeaseService leases{store, touched, clock, measures, std::chrono::seconds{30}, std::chrono::seconds{300}};
  JobService jobs{store, touched, clock, measures, std::chrono::seconds{600}};
  api::ClaimedJob claimed;
};

TEST_F(RoundTripsTest, ACreateWaitsOnceAndNumbersForRowsCostAnotherForSixtyFour) {
  std::int64_t sum = 0;
  for (int number = 0; number < 65; ++number) sum += rounds_of_create("s" + std::to_string(number));
  EXPECT_LE(sum, 65 + 2);
}

TEST_F(RoundTripsTest, ACreateBehindAnotherOfItsSessionWaitsOnceToo) {
  rounds_of_create("s1");
  EXPECT_EQ(rounds_of_create("s1"), 1);
  rounds_of_claim();
  EXPECT_EQ(rounds([this] { EXPECT_FALSE(*leases.claim(worker(), now_on_both_clocks())); }), 1)
      << "one job of a session runs";
}

TEST_F(RoundTripsTest, AClaimAndACompletionWaitTwiceEach) {
  rounds_of_create("s1");
  EXPECT_EQ(rounds_of_claim(), 2);
  EXPECT_EQ(rounds_of_complete({}), 2);
  EXPECT_EQ(store.find(claimed.job.id)->job.status, domain::JobStatus::completed);
}

TEST_F(RoundTripsTest, ACompletionThatClaimsTheNextJobWaitsThreeTimes) {
  rounds_of_create("s1");
  rounds_of_create("s1");
  rounds_of_claim();
  const auto first = claimed.job.id;
  api::CompleteRequest request;
  request.claim = worker();
  EXPECT_EQ(rounds_of_complete(request), 3);
  EXPECT_NE(claimed.job.id, first) << "the session is free for the next";
}

TEST_F(RoundTripsTest, AHeartbeatWaitsOnceAndWritesNothing) {
  rounds_of_create("s1");
  rounds_of_claim();
  const auto beat = [this] {
    EXPECT_TRUE(leases.heartbeat(claimed.job.id, claimed.lease_token, 0, now_on_both_clocks()));
  };
  rounds(beat);  // the first one shows the token
  EXPECT_EQ(rounds(beat), 1);
  store.commit();
  store.begin();
  EXPECT_EQ(rounds(beat), 1);
  EXPECT_FALSE(store.commit());
  store.begin();
}

TEST_F(RoundTripsTest, WhoeverWaitsForAJobIsAskedWithoutAQuestionForEach) {
  for (int number = 0; number < 5; ++number) rounds_of_create("s" + std::to_string(10 + number));
  EXPECT_EQ(rounds([this] {
              for (int number = 0; number < 100; ++number) EXPECT_TRUE(store.has_claimable());
            }),
            0);
}

}  // namespace
}  // namespace butler::orchestrator::round_trips_test
