#include "worker/claim_loop.hpp"

#include <gmock/gmock.h>

#include <set>

#include "worker/events.hpp"
#include "worker/fake_orchestrator.hpp"
#include "worker/lease_keeper.hpp"
#include "worker/mock_agent.hpp"

namespace butler::worker::claim_loop_test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::FakeOrchestrator;
using testing_support::run_to_end;

/// An agent that a test plays by hand.
class PuppetAgent final : public Agent {
 public:
  using Play = std::function<asio::awaitable<Outcome>(PuppetAgent&, AgentListener&)>;

  PuppetAgent(asio::io_context& context, Play play)
      : changed(context.get_executor()), play_(std::move(play)) {}

  asio::awaitable<Outcome> run(domain::Job, AgentListener& listener) override {
    return play_(*this, listener);
  }
  void abort(std::chrono::milliseconds) override {
    aborted = true;
    changed.notify_all();
  }
  void message(api::MessageMode, std::string text) override {
    messages.push_back(std::move(text));
    changed.notify_all();
  }

  asio::awaitable<Outcome> wait_for_abort() {
    while (!aborted) co_await changed.wait();
    co_return Outcome{.kind = Outcome::Kind::aborted};
  }

  async::Event changed;
  bool aborted = false;
  std::vector<std::string> messages;

 private:
  Play play_;
};

asio::awaitable<Outcome> wait_for_abort(PuppetAgent& agent, AgentListener&) { return agent.wait_for_abort(); }

/// A worker's slots against a fake orchestrator over HTTP.
class ClaimLoopTest : public testing::Test {
 protected:
  ClaimLoopTest() {
    server.listen();
    background.spawn("server", server.run());
    client.emplace(
        context.get_executor(),
        http::Url{.tls = false, .host = "127.0.0.1", .port = std::to_string(server.port()), .path = {}},
        testing_support::worker_token);
    make_agent = [this](const domain::Job&) {
      return std::make_unique<MockAgent>(context.get_executor(), 0ms);
    };
  }

  ~ClaimLoopTest() override {
    stop.request();
    run_to_end(context, slots.join());
    run_to_end(context, server.shut_down(0ms));
    run_to_end(context, background.join());
  }

  void start(int count = 1) {
    runner.emplace(
        context.get_executor(), *client, [this](const domain::Job& job) { return make_agent(job); }, stop,
        options);
    const Claimant claimant{.worker_id = "w1", .session_store = "store-1", .labels = labels};
    loop.emplace(*client, *runner, stop, claimant, [this] { ++claiming; });
    for (int i = 0; i < count; ++i) slots.spawn("slot", loop->run_slot());
  }

  void play(PuppetAgent::Play script) {
    make_agent = [this, script](const domain::Job&) {
      auto made = std::make_unique<PuppetAgent>(context, script);
      return made;
    };
  }

  /// Runs until the condition holds, looked at whenever the orchestrator hears something.
  void until(const std::function<bool()>& condition) {
    run_to_end(context,
               [](FakeOrchestrator& fake, const std::function<bool()>& done) -> asio::awaitable<void> {
                 while (!done()) co_await fake.changed.wait();
               }(orchestrator, condition));
  }
  void until_ended(std::size_t jobs = 1) {
    until([&, jobs] { return orchestrator.ended() >= jobs; });
  }
  /// Stops the worker and returns how long its slots took.
  std::chrono::milliseconds stop_and_join() {
    const auto begin = std::chrono::steady_clock::now();
    stop.request();
    run_to_end(context, slots.join());
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  }
  /// The first `times` calls of that name are answered so.
  void answer_first(int times, const std::string& name, http::Response response) {
    orchestrator.intercept = [=, left = times](const FakeOrchestrator::Call& call) mutable {
      if (call.name != name || left == 0) return std::optional<http::Response>{};
      --left;
      return std::optional{response};
    };
  }

  asio::io_context context{1};
  FakeOrchestrator orchestrator{context};
  http::Server server{context.get_executor(), {}, orchestrator};
  async::TaskGroup background{context.get_executor()};
  std::optional<api::OrchestratorClient> client;
  Stop stop{context.get_executor(), 1s};
  JobRunnerOptions options{.heartbeat = {}, .abort_patience = 5s, .stop_patience = 1s};
  AgentFactory make_agent;
  std::vector<std::string> labels;
  std::optional<JobRunner> runner;
  std::optional<ClaimLoop> loop;
  async::TaskGroup slots{context.get_executor()};
  int claiming = 0;
};

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

TEST_F(ClaimLoopTest, ALostLeaseEndsTheAgentAndNothingMoreIsSaid) {
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

TEST_F(ClaimLoopTest, AHeartbeatThatIsRefusedEndsTheAgentToo) {
  answer_first(1, "heartbeat", FakeOrchestrator::refuse(409, "lease_lost"));
  play(wait_for_abort);
  orchestrator.add_job("j1", "x");
  start();
  until([&] { return orchestrator.count("claim") == 2; });
  EXPECT_EQ(orchestrator.ended(), 0U);
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

TEST_F(ClaimLoopTest, AnAbortComesWithTheHeartbeatAndIsAcknowledged) {
  orchestrator.lease = 60s;
  play(wait_for_abort);
  orchestrator.add_job("j1", "x");
  start();
  until([&] { return orchestrator.count("heartbeat") == 1; });
  const auto begin = std::chrono::steady_clock::now();
  orchestrator.request_abort();
  until_ended();
  EXPECT_EQ(orchestrator.count("aborted"), 1U);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST_F(ClaimLoopTest, MessagesReachTheAgentOnceAndAreAcknowledged) {
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
  EXPECT_LT(stop_and_join(), 4s);
  EXPECT_EQ(orchestrator.last("fail"), R"({"error":"the worker was stopped","retryable":true})");
}

TEST_F(ClaimLoopTest, AStopEndsAWaitingClaimAtOnce) {
  start(2);
  until([&] { return orchestrator.count("claim") == 2; });
  EXPECT_LT(stop_and_join(), 4s);
}

TEST_F(ClaimLoopTest, AStopGivesUpOnAnOrchestratorThatIsAway) {
  play(wait_for_abort);
  orchestrator.add_job("j1", "x");
  start();
  until([&] { return orchestrator.count("heartbeat") == 1; });
  answer_first(1'000, "fail", {.status = 503});
  EXPECT_LT(stop_and_join(), 4s);
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

TEST_F(ClaimLoopTest, TheLeaseIsKeptWhileTheAgentWorks) {
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

TEST(HeartbeatIntervalTest, IsAThirdOfTheLeaseWithinBounds) {
  const domain::Timestamp now{1'000'000ms};
  EXPECT_EQ(heartbeat_interval(now + 30s, now, {}), 10s);
  EXPECT_EQ(heartbeat_interval(now + 30s, now, 2s), 2s);
  EXPECT_EQ(heartbeat_interval(now + 30s, now, 60s), 10s);
  EXPECT_EQ(heartbeat_interval(now - 1h, now, {}), 500ms);
  EXPECT_EQ(heartbeat_interval(now + 24h, now, {}), 20s);
}

}  // namespace
}  // namespace butler::worker::claim_loop_test
