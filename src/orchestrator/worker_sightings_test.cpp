#include "orchestrator/worker_sightings.hpp"

#include <gmock/gmock.h>

#include "orchestrator/service_fixture.hpp"

namespace butler::orchestrator::worker_sightings_test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

class WorkerSightingsTest : public testing::Test, protected ServiceFixture {
 protected:
  std::vector<api::WorkerPresence> workers() { return leases->workers(now); }
};

TEST_F(WorkerSightingsTest, AWorkerIsPresentWhileItWaitsForWorkAndAMomentLonger) {
  EXPECT_THAT(workers(), IsEmpty());
  claim("far");
  const auto called = now.wall;
  auto waits = leases->sightings().waits("far");
  advance(60s);
  ASSERT_EQ(workers().size(), 1U);
  EXPECT_EQ(workers()[0].worker_id, "far");
  EXPECT_TRUE(workers()[0].present);
  EXPECT_EQ(workers()[0].running, 0);
  EXPECT_EQ(workers()[0].last_seen_at, called);

  claim("far");
  waits.reset();
  advance(WorkerSightings::patience);
  EXPECT_TRUE(workers()[0].present);
  advance(1s);
  EXPECT_FALSE(workers()[0].present);
}

TEST_F(WorkerSightingsTest, OneThatWorksIsSeenByWhatItReports) {
  create(task());
  const auto claimed = claim("near");
  advance(20s);
  report(claimed->job.id, claimed->lease_token, domain::EventType::log);
  ASSERT_EQ(workers().size(), 1U);
  EXPECT_EQ(workers()[0].running, 1);
  EXPECT_EQ(workers()[0].last_seen_at, now.wall);

  complete(claimed->job.id, claimed->lease_token);
  EXPECT_EQ(workers()[0].running, 0);
}

TEST_F(WorkerSightingsTest, AfterAStartAHolderIsKnownBeforeItCalls) {
  create(task());
  const auto claimed = claim("near");
  restart();
  ASSERT_EQ(workers().size(), 1U);
  EXPECT_FALSE(workers()[0].present);
  EXPECT_EQ(workers()[0].running, 1);
  EXPECT_EQ(workers()[0].last_seen_at, std::nullopt);
}

TEST_F(WorkerSightingsTest, NamesThatAreMadeUpDoNotPileUp) {
  WorkerSightings sightings;
  for (std::size_t i = 0; i < WorkerSightings::most_workers + 5; ++i) {
    sightings.saw("w" + std::to_string(i), now.wall, now.steady);
    advance(1ms);
  }
  const auto list = sightings.list({}, {}, now.wall, now.steady);
  EXPECT_EQ(list.size(), WorkerSightings::most_workers);
  EXPECT_EQ(std::ranges::find(list, "w4", &api::WorkerPresence::worker_id), list.end());
}

}  // namespace
}  // namespace butler::orchestrator::worker_sightings_test
