#include "worker/approval_wait.hpp"

#include <gmock/gmock.h>

#include "worker/fake_orchestrator.hpp"

namespace butler::worker::approval_wait_test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using domain::ApprovalVerdict;
using testing::HasSubstr;
using testing_support::FakeOrchestrator;
using testing_support::run_to_end;

class ApprovalWaitTest : public testing::Test {
 protected:
  void SetUp() override {
    server.listen();
    tasks.spawn("orchestrator", server.run());
    client.emplace(context.get_executor(),
                   http::Url::parse("http://127.0.0.1:" + std::to_string(server.port())).value(),
                   testing_support::worker_token);
    wait.emplace(context.get_executor(), *client, stop, "j1", "lease",
                 [this](const api::CallError& error) { refused.push_back(error.code); });
  }
  void TearDown() override {
    run_to_end(context, server.shut_down(0ms));
    run_to_end(context, tasks.join());
  }

  /// Asks, and calls `act` once the orchestrator has been asked and has answered.
  Permission ask_and(std::function<void()> act) {
    const auto both = [](ApprovalWaitTest& test, std::function<void()> then) -> asio::awaitable<Permission> {
      async::TaskGroup helper(co_await asio::this_coro::executor);
      helper.spawn("decider",
                   [](ApprovalWaitTest& inner, std::function<void()> what) -> asio::awaitable<void> {
                     while (!inner.wait->person_wait().waits()) co_await async::sleep_for(5ms);
                     what();
                   }(test, std::move(then)));
      const auto permission = co_await test.wait->ask(request());
      helper.cancel();
      co_await helper.join();
      co_return permission;
    };
    return run_to_end(context, both(*this, std::move(act)));
  }
  Permission ask() { return run_to_end(context, wait->ask(request())); }
  void answer_with(std::string status) {
    orchestrator.intercept = [status](const FakeOrchestrator::Call& call) {
      auto approval = call.body.as_object();
      for (const auto& [name, value] :
           {std::pair{"id", "a1"}, std::pair{"jobId", "j1"},
            std::pair{"createdAt", "2026-01-01T00:00:00.000Z"}, std::pair{"reason", "said so"}}) {
        approval[name] = value;
      }
      approval["status"] = status;
      approval["scopes"] = json::Array{"once"};
      return FakeOrchestrator::respond(200, json::Object{{"approval", approval}});
    };
  }
  static api::ApprovalRequest request() {
    return {.tool_call_id = "c1", .tool_name = "bash", .payload_hash = std::string(64, '0')};
  }

  asio::io_context context{1};
  FakeOrchestrator orchestrator{context};
  http::Server server{context.get_executor(), {}, orchestrator};
  async::TaskGroup tasks{context.get_executor()};
  Stop stop{context.get_executor(), 200ms};
  std::optional<api::OrchestratorClient> client;
  std::optional<ApprovalWait> wait;
  std::vector<std::string> refused;
};

TEST_F(ApprovalWaitTest, ADecisionAnswersItsOwnQuestionOnly) {
  const auto permission = ask_and([this] {
    wait->decided({.approval_id = "another", .decision = ApprovalVerdict::deny});
    wait->decided({.approval_id = "approval-1", .decision = ApprovalVerdict::allow});
  });
  EXPECT_TRUE(permission.allowed);
  EXPECT_THAT(orchestrator.last("approvals"), HasSubstr(R"("toolCallId":"c1")"));
}

TEST_F(ApprovalWaitTest, ANoCarriesItsReason) {
  const auto permission = ask_and([this] {
    wait->decided({.approval_id = "approval-1", .decision = ApprovalVerdict::deny, .reason = "not now"});
  });
  EXPECT_FALSE(permission.allowed);
  EXPECT_EQ(permission.reason, "not now");
}

TEST_F(ApprovalWaitTest, ADecisionThatOvertakesTheAnswerIsKept) {
  wait->decided({.approval_id = "approval-1", .decision = ApprovalVerdict::allow});
  EXPECT_TRUE(ask().allowed);
}

TEST_F(ApprovalWaitTest, WhatIsDecidedAlreadyIsNotWaitedFor) {
  answer_with("allowed");
  EXPECT_TRUE(ask().allowed);
  for (const char* status : {"denied", "expired"}) {
    answer_with(status);
    EXPECT_FALSE(ask().allowed) << status;
    EXPECT_EQ(ask().reason, "said so") << status;
  }
}

TEST_F(ApprovalWaitTest, ARefusalIsANo) {
  orchestrator.intercept = [](const FakeOrchestrator::Call&) {
    return FakeOrchestrator::refuse(409, "lease_lost");
  };
  EXPECT_FALSE(ask().allowed);
  EXPECT_THAT(refused, testing::ElementsAre("lease_lost"));
}

TEST_F(ApprovalWaitTest, AnOrchestratorThatIsAwayIsAskedAgain) {
  int tries = 0;
  orchestrator.intercept = [&](const FakeOrchestrator::Call&) -> std::optional<http::Response> {
    if (++tries < 3) return FakeOrchestrator::refuse(503, "unavailable");
    return std::nullopt;
  };
  EXPECT_TRUE(ask_and([this] {
                wait->decided({.approval_id = "approval-" + std::to_string(orchestrator.count("approvals")),
                               .decision = ApprovalVerdict::allow});
              }).allowed);
  EXPECT_EQ(tries, 3);
}

TEST_F(ApprovalWaitTest, TheWorkersStopIsANo) {
  orchestrator.intercept = [&](const FakeOrchestrator::Call&) {
    return FakeOrchestrator::refuse(503, "unavailable");
  };
  stop.request();
  EXPECT_THAT(ask().reason, HasSubstr("could not ask"));
}

TEST_F(ApprovalWaitTest, WhoAskedHasLeftWhenItIsJoined) {
  async::TaskGroup askers(context.get_executor());
  askers.spawn("asker", [](ApprovalWait& of) -> asio::awaitable<void> { co_await of.ask(request()); }(*wait));
  context.poll();
  askers.cancel();
  wait->close();
  run_to_end(context, wait->join());
  EXPECT_FALSE(wait->person_wait().waits());
  run_to_end(context, askers.join());
}

TEST_F(ApprovalWaitTest, ItsEndIsANoForEverybody) {
  EXPECT_FALSE(ask_and([this] { wait->close(); }).allowed);
  EXPECT_FALSE(ask().allowed);
  EXPECT_EQ(orchestrator.count("approvals"), 1U);
}

}  // namespace
}  // namespace butler::worker::approval_wait_test
