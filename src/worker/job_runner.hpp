#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <optional>

#include "api/orchestrator_client.hpp"
#include "worker/agent.hpp"
#include "worker/stop.hpp"

namespace butler::worker {

struct JobRunnerOptions {
  std::optional<std::chrono::milliseconds> heartbeat;  ///< unset: a third of the lease
  std::chrono::milliseconds abort_patience{5'000};     ///< what a person's abort leaves the agent
  std::chrono::milliseconds stop_patience{1'000};      ///< what the worker's stop, or a lost lease, leaves it
};

/// Takes one claimed job to its end: the agent works, its events are reported, the heartbeat keeps the lease
/// and brings aborts and messages, and the outcome is delivered. One thread; jobs may run side by side.
class JobRunner {
 public:
  /// What is passed by reference outlives the runner.
  JobRunner(boost::asio::any_io_executor executor, api::OrchestratorClient& orchestrator,
            AgentFactory make_agent, Stop& stop, JobRunnerOptions options = {})
      : executor_(std::move(executor)),
        orchestrator_(orchestrator),
        make_agent_(std::move(make_agent)),
        stop_(stop),
        options_(options) {}

  /// Runs the job. `next` is sent along with a completion: the job that it claims comes back. When the lease
  /// is lost the agent is ended and nothing more is said to the orchestrator.
  boost::asio::awaitable<std::optional<api::ClaimedJob>> run(api::ClaimedJob claimed, api::ClaimRequest next);

  /// How many jobs run now.
  std::size_t running() const { return running_; }

 private:
  boost::asio::any_io_executor executor_;
  api::OrchestratorClient& orchestrator_;
  AgentFactory make_agent_;
  Stop& stop_;
  JobRunnerOptions options_;
  std::size_t running_ = 0;
};

}  // namespace butler::worker
