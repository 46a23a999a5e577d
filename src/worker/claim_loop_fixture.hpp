#pragma once

#include <gtest/gtest.h>

#include "worker/claim_loop.hpp"
#include "worker/fake_orchestrator.hpp"
#include "worker/mock_agent.hpp"

namespace butler::worker::testing_support {

namespace asio = boost::asio;
using namespace std::chrono_literals;

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

inline asio::awaitable<Outcome> wait_for_abort(PuppetAgent& agent, AgentListener&) {
  return agent.wait_for_abort();
}

/// A worker's slots against a fake orchestrator over HTTP.
class ClaimLoopTest : public testing::Test {
 protected:
  ClaimLoopTest() {
    server.listen();
    background.spawn("server", server.run());
    client.emplace(
        context.get_executor(),
        http::Url{.tls = false, .host = "127.0.0.1", .port = std::to_string(server.port()), .path = {}},
        worker_token);
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
  Stop stop{context.get_executor(), 2s};
  JobRunnerOptions options{.heartbeat = {}, .abort_patience = 5s, .stop_patience = 1s};
  AgentFactory make_agent;
  std::vector<std::string> labels;
  std::optional<JobRunner> runner;
  std::optional<ClaimLoop> loop;
  async::TaskGroup slots{context.get_executor()};
  int claiming = 0;
};

}  // namespace butler::worker::testing_support
