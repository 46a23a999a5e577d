#include "worker/lease_keeper.hpp"

#include <gmock/gmock.h>

#include "worker/claim_loop_fixture.hpp"
#include "worker/events.hpp"

namespace butler::worker::lease_keeper_test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing_support::ClaimLoopTest;
using testing_support::FakeOrchestrator;
using testing_support::PuppetAgent;
using testing_support::wait_for_abort;

using LeaseKeeperTest = ClaimLoopTest;

TEST_F(LeaseKeeperTest, ALostLeaseEndsTheAgentAndNothingMoreIsSaid) {
  answer_first(1, "events", FakeOrchestrator::refuse(409, "lease_lost"));
  bool aborted = false;
  play([&](PuppetAgent& agent, AgentListener& listener) -> asio::awaitable<Outcome> {
    listener.report(text_event("x"));
    const bool recorded = co_await listener.recorded();
    EXPECT_FALSE(recorded);
    aborted = agent.aborted;
    co_return Outcome{.text = "finished all the same"};
  });
  orchestrator.add_job("j1", "x");
  start();
  until([&] { return orchestrator.count("claim") == 2; });
  EXPECT_TRUE(aborted);
  EXPECT_EQ(orchestrator.ended(), 0U);
}

TEST_F(LeaseKeeperTest, AHeartbeatThatIsRefusedEndsTheAgentToo) {
  answer_first(1, "heartbeat", FakeOrchestrator::refuse(409, "lease_lost"));
  play(wait_for_abort);
  orchestrator.add_job("j1", "x");
  start();
  until([&] { return orchestrator.count("claim") == 2; });
  EXPECT_EQ(orchestrator.ended(), 0U);
}

TEST_F(LeaseKeeperTest, TheLeaseIsKeptWhileTheAgentWorks) {
  orchestrator.lease = 1'500ms;
  play([this](PuppetAgent&, AgentListener&) -> asio::awaitable<Outcome> {
    while (orchestrator.count("heartbeat") < 3) co_await orchestrator.changed.wait();
    co_return Outcome{.text = "done"};
  });
  orchestrator.add_job("j1", "x");
  start();
  until_ended();
  EXPECT_EQ(orchestrator.of("heartbeat").front().token, "lease of j1");
}

TEST_F(LeaseKeeperTest, AnAbortComesWithTheHeartbeatAndIsAcknowledged) {
  orchestrator.lease = 60s;
  play(wait_for_abort);
  orchestrator.add_job("j1", "x");
  start();
  until([&] { return orchestrator.count("heartbeat") == 1; });
  const auto begin = std::chrono::steady_clock::now();
  orchestrator.request_abort();
  until_ended();
  EXPECT_EQ(orchestrator.count("aborted"), 1U);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 15s) << "before the next heartbeat is due";
}

TEST_F(LeaseKeeperTest, MessagesReachTheAgentOnceAndAreAcknowledged) {
  play([](PuppetAgent& agent, AgentListener&) -> asio::awaitable<Outcome> {
    while (agent.messages.size() < 2) co_await agent.changed.wait();
    co_return Outcome{.text = agent.messages[0] + ", " + agent.messages[1]};
  });
  orchestrator.add_job("j1", "x");
  start();
  until([&] { return orchestrator.count("heartbeat") == 1; });
  orchestrator.send_message(7, "left");
  until([&] { return orchestrator.count("heartbeat") == 2; });
  EXPECT_EQ(orchestrator.of("heartbeat").back().ack, "7");
  orchestrator.send_message(8, "right");
  until_ended();
  EXPECT_THAT(orchestrator.last("complete"), HasSubstr(R"("resultText":"left, right")"));
}

TEST(HeartbeatIntervalTest, IsAThirdOfTheLeaseWithinBounds) {
  const domain::Timestamp now{1'000'000ms};
  EXPECT_EQ(heartbeat_interval(now + 30s, now, 30s, {}), 10s);
  EXPECT_EQ(heartbeat_interval(now + 30s, now, {}, {}), 10s);
  EXPECT_EQ(heartbeat_interval(now + 30s, now, 30s, 2s), 2s);
  EXPECT_EQ(heartbeat_interval(now + 30s, now, 30s, 60s), 10s);
  EXPECT_EQ(heartbeat_interval(now + 24h, now, {}, {}), 20s);
}

TEST(HeartbeatIntervalTest, IsNeverAboveAThirdOfTheLeaseWhateverTheTwoClocksSay) {
  const domain::Timestamp now{1'000'000ms};
  EXPECT_EQ(heartbeat_interval(now + 2h, now, 3s, {}), 1s) << "ours is behind";
  EXPECT_EQ(heartbeat_interval(now - 1h, now, 3s, {}), 500ms) << "ours is ahead";
}

}  // namespace
}  // namespace butler::worker::lease_keeper_test
