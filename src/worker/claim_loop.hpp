#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/orchestrator_client.hpp"
#include "worker/job_runner.hpp"
#include "worker/stop.hpp"

namespace butler::worker {

/// Who claims.
struct Claimant {
  std::string worker_id;
  std::string session_store;  ///< the stable id of the session root
  std::vector<std::string> labels;
};

/// Claims jobs and runs them, one at a time per slot. One thread.
class ClaimLoop {
 public:
  /// `on_claiming` is called once, when the first claim is on its way. What is passed by reference outlives
  /// the loop.
  ClaimLoop(api::OrchestratorClient& orchestrator, JobRunner& runner, Stop& stop, Claimant claimant,
            std::function<void()> on_claiming = {})
      : orchestrator_(orchestrator),
        runner_(runner),
        stop_(stop),
        claimant_(std::move(claimant)),
        on_claiming_(std::move(on_claiming)) {}

  /// One slot: returns after the stop was requested and its job has ended or was handed back.
  boost::asio::awaitable<void> run_slot();

  /// Whether the orchestrator answered the last claim that came back; true before the first one has, because
  /// a claim waits for work.
  bool reaches_orchestrator() const { return reaches_orchestrator_; }

 private:
  /// A claim that waits for work; its id is fresh and stays the same while it is repeated.
  api::ClaimRequest make_claim(std::chrono::seconds wait) const;
  boost::asio::awaitable<std::optional<api::ClaimedJob>> claim();
  api::Call<std::optional<api::ClaimedJob>> try_claim(const api::ClaimRequest& request);

  api::OrchestratorClient& orchestrator_;
  JobRunner& runner_;
  Stop& stop_;
  Claimant claimant_;
  std::function<void()> on_claiming_;
  int refusals_ = 0;
  bool reaches_orchestrator_ = true;  ///< until a claim says otherwise: one that waits says nothing yet
};

}  // namespace butler::worker
