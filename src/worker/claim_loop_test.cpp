#include "worker/claim_loop.hpp"

#include <gmock/gmock.h>

#include <set>

#include "worker/claim_loop_fixture.hpp"
#include "worker/events.hpp"

namespace butler::worker::claim_loop_test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::ClaimLoopTest;
using testing_support::FakeOrchestrator;
using testing_support::PuppetAgent;
using testing_support::wait_for_abort;

TEST_F(ClaimLoopTest, AClaimSaysWhoWaits) {
  labels = {"gpu"};
  start();
  until([&] { return orchestrator.count("claim") == 1; });
  const auto body = orchestrator.of("claim").front().body;
  EXPECT_EQ(json::find_string(body, "workerId"), "w1");
  EXPECT_EQ(json::find_string(body, "sessionStore"), "store-1");
  EXPECT_EQ(json::find_integer(body, "waitSeconds"), 50);
  EXPECT_EQ(json::serialize(*json::find(body, "kinds")), R"(["task","run"])");
  EXPECT_EQ(json::serialize(*json::find(body, "labels")), R"(["gpu"])");
  EXPECT_EQ(claiming, 1);
}

TEST_F(ClaimLoopTest, AnInstantAgentTakesTwoCalls) {
  orchestrator.add_job("j1", "hello");
  start();
  until([&] { return orchestrator.count("claim") == 2; });
  ASSERT_EQ(orchestrator.calls.size(), 3U);
  EXPECT_EQ(orchestrator.calls[1].name, "complete");
  EXPECT_EQ(orchestrator.calls[1].token, "lease of j1");
  EXPECT_THAT(orchestrator.last("complete"),
              HasSubstr(R"("resultText":"You said: hello\nSession: session of j1)"));
}

TEST_F(ClaimLoopTest, ACompletionClaimsTheNextJobInTheSameCall) {
  orchestrator.add_job("j1", "one");
  orchestrator.add_job("j2", "two");
  start();
  until_ended(2);
  std::vector<std::string> names;
  for (const auto& call : orchestrator.calls) names.push_back(call.name + " " + call.job);
  EXPECT_THAT(names, ElementsAre("claim ", "complete j1", "complete j2"));
  std::set<std::string> ids;
  ids.insert(std::string{json::find_string(orchestrator.calls[0].body, "claimId")});
  for (const std::size_t i : {1U, 2U}) {
    ids.insert(std::string{json::find_string(*json::find(orchestrator.calls[i].body, "claim"), "claimId")});
  }
  EXPECT_EQ(ids.size(), 3U);
}

TEST_F(ClaimLoopTest, TheStepsOfTheMockAreDeltas) {
  make_agent = [this](const domain::Job&) {
    return std::make_unique<MockAgent>(context.get_executor(), 5ms);
  };
  orchestrator.add_job("j1", "hello");
  start();
  until_ended();
  const auto body = orchestrator.of("complete").front().body;
  EXPECT_EQ(orchestrator.text(), json::find_string(body, "resultText"));
  EXPECT_GE(orchestrator.count("events"), 1U);
}

TEST_F(ClaimLoopTest, AnUnansweredClaimIsRepeatedWithItsId) {
  answer_first(2, "claim", {.status = 503});
  orchestrator.add_job("j1", "hello");
  start();
  until_ended();
  const auto claims = orchestrator.of("claim");
  ASSERT_GE(claims.size(), 3U);
  EXPECT_EQ(json::serialize(claims[0].body), json::serialize(claims[2].body));
}

TEST_F(ClaimLoopTest, ARefusedClaimIsTriedAgainAsANewOne) {
  answer_first(1, "claim", FakeOrchestrator::refuse(401, "unauthorized"));
  orchestrator.add_job("j1", "hello");
  start();
  until_ended();
  EXPECT_NE(json::serialize(orchestrator.of("claim")[0].body),
            json::serialize(orchestrator.of("claim")[1].body));
}

TEST_F(ClaimLoopTest, ACompletionIsRepeatedUntilItIsAnsweredAndTheNextJobIsTheSame) {
  answer_first(2, "complete", {.status = 503});
  orchestrator.add_job("j1", "one");
  orchestrator.add_job("j2", "two");
  start();
  until([&] { return orchestrator.count("complete") >= 4; });
  const auto completions = orchestrator.of("complete");
  EXPECT_EQ(json::serialize(completions[0].body), json::serialize(completions[2].body));
  EXPECT_EQ(completions[3].job, "j2");
}

TEST_F(ClaimLoopTest, AReportIsRepeatedUnderItsNumber) {
  answer_first(2, "events", {.status = 503});
  play([](PuppetAgent&, AgentListener& listener) -> asio::awaitable<Outcome> {
    listener.report(text_event("once"));
    const bool recorded = co_await listener.recorded();
    co_return Outcome{.text = recorded ? "recorded" : "not recorded"};
  });
  orchestrator.add_job("j1", "x");
  start();
  until_ended();
  for (const auto& report : orchestrator.of("events")) EXPECT_EQ(json::find_integer(report.body, "batch"), 1);
  EXPECT_EQ(orchestrator.count("events"), 3U);
  EXPECT_EQ(orchestrator.text(), "once");
  EXPECT_THAT(orchestrator.last("complete"), HasSubstr(R"("resultText":"recorded")"));
}

TEST_F(ClaimLoopTest, WhatComesDuringAReportGoesTogetherIntoTheNext) {
  play([](PuppetAgent&, AgentListener& listener) -> asio::awaitable<Outcome> {
    listener.report(text_event("first"));
    co_await async::sleep_for(1ms);
    for (int i = 0; i < 500; ++i) listener.report(text_event("."));
    co_return Outcome{.text = "done"};
  });
  orchestrator.add_job("j1", "x");
  start();
  until_ended();
  EXPECT_EQ(orchestrator.text(), "first" + std::string(500, '.'));
  EXPECT_LE(orchestrator.count("events"), 3U);
}

TEST_F(ClaimLoopTest, AReportThatTheOrchestratorTakesForWrongFailsTheJob) {
  answer_first(1, "events", FakeOrchestrator::refuse(400, "invalid_request"));
  play([](PuppetAgent& agent, AgentListener& listener) -> asio::awaitable<Outcome> {
    listener.report(text_event("x"));
    return agent.wait_for_abort();
  });
  orchestrator.add_job("j1", "x");
  start();
  until_ended();
  EXPECT_THAT(orchestrator.last("fail"), HasSubstr("refused a report: invalid_request"));
}

TEST_F(ClaimLoopTest, AFailureIsDeliveredWithItsReason) {
  play([](PuppetAgent&, AgentListener&) -> asio::awaitable<Outcome> {
    co_return Outcome{.kind = Outcome::Kind::failed, .text = "401: bad key"};
  });
  orchestrator.add_job("j1", "x");
  start();
  until_ended();
  EXPECT_EQ(orchestrator.last("fail"), R"({"error":"401: bad key"})");
}

TEST_F(ClaimLoopTest, AFaultInAnAgentFailsItsJobOnly) {
  play([](PuppetAgent&, AgentListener&) -> asio::awaitable<Outcome> {
    throw std::runtime_error("disk full");
    co_return Outcome{};
  });
  orchestrator.add_job("j1", "x");
  orchestrator.add_job("j2", "x");
  start();
  until_ended(2);
  EXPECT_THAT(orchestrator.last("fail"), HasSubstr("internal error: disk full"));
}

TEST_F(ClaimLoopTest, ARefusedCompletionBecomesAFailure) {
  answer_first(1, "complete", FakeOrchestrator::refuse(413, "payload_too_large"));
  orchestrator.add_job("j1", "x");
  start();
  until([&] { return orchestrator.count("fail") == 1; });
  EXPECT_THAT(orchestrator.last("fail"), HasSubstr("payload_too_large"));
}

TEST_F(ClaimLoopTest, AStopHandsARunningJobBack) {
  play(wait_for_abort);
  orchestrator.add_job("j1", "x");
  start();
  until([&] { return orchestrator.count("heartbeat") == 1; });
  EXPECT_LT(stop_and_join(), 15s);
  EXPECT_EQ(orchestrator.last("fail"), R"({"error":"the worker was stopped","retryable":true})");
}

TEST_F(ClaimLoopTest, AStopEndsAWaitingClaimAtOnce) {
  start(2);
  until([&] { return orchestrator.count("claim") == 2; });
  EXPECT_LT(stop_and_join(), 15s);
}

TEST_F(ClaimLoopTest, AStopGivesUpOnAnOrchestratorThatIsAway) {
  play(wait_for_abort);
  orchestrator.add_job("j1", "x");
  start();
  until([&] { return orchestrator.count("heartbeat") == 1; });
  answer_first(1'000, "fail", {.status = 503});
  EXPECT_LT(stop_and_join(), 15s);
  EXPECT_GE(orchestrator.count("fail"), 2U);
  EXPECT_LE(orchestrator.count("fail"), 20U);
}

TEST_F(ClaimLoopTest, SlotsRunJobsSideBySide) {
  int started = 0;
  play([&](PuppetAgent&, AgentListener&) -> asio::awaitable<Outcome> {
    ++started;
    orchestrator.changed.notify_all();
    while (started < 2) co_await orchestrator.changed.wait();  // for ever, if they ran one after the other
    co_return Outcome{.text = "done"};
  });
  for (const char* name : {"j1", "j2", "j3"}) orchestrator.add_job(name, "x");
  start(2);
  until_ended(3);
  EXPECT_EQ(started, 3);
}

}  // namespace
}  // namespace butler::worker::claim_loop_test
