#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "api/orchestrator_client.hpp"

namespace butler::worker {

/// How long one heartbeat may wait: a third of what is left of the lease, at most a third of the whole lease,
/// or less if `configured`; between half a second and 20 s.
/// @param lease_expires_at  by the orchestrator's clock, which may disagree with ours
/// @param lease             how long a lease lasts, by the orchestrator's clock alone; unset: not known
std::chrono::milliseconds heartbeat_interval(domain::Timestamp lease_expires_at, domain::Timestamp now,
                                             std::optional<std::chrono::milliseconds> lease,
                                             std::optional<std::chrono::milliseconds> configured);

/// Keeps a lease alive with long-poll heartbeats and passes on what they bring. One thread.
class LeaseKeeper {
 public:
  /// Called from run(), in the order of arrival.
  struct Handlers {
    std::function<void()> on_abort;  ///< once
    std::function<void(api::JobMessage)> on_message;
    std::function<void(api::ApprovalDecision)> on_decision;
    std::function<void(const api::CallError&)> on_refused;  ///< the last thing: the lease is gone
  };

  LeaseKeeper(api::OrchestratorClient& orchestrator, const api::ClaimedJob& claimed,
              std::optional<std::chrono::milliseconds> interval, Handlers handlers);

  /// Runs until the lease is gone or the task is cancelled. An orchestrator that is away is asked again.
  boost::asio::awaitable<void> run();

 private:
  bool take_news(const api::HeartbeatAnswer& answer);

  api::OrchestratorClient& orchestrator_;
  std::string job_id_;
  std::string lease_token_;
  domain::Timestamp lease_expires_at_;
  std::optional<std::chrono::milliseconds> lease_;
  std::optional<std::chrono::milliseconds> configured_;
  Handlers handlers_;
  std::int64_t last_seen_ = 0;  ///< seq of messages and decisions, which share it
  bool abort_seen_ = false;
};

}  // namespace butler::worker
