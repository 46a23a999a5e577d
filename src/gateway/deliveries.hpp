#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "api/orchestrator_client.hpp"
#include "gateway/answers.hpp"
#include "gateway/gateway_store.hpp"

namespace butler::gateway {

/// Waits for jobs that end, commits their answers to the outbox, then acknowledges them.
class Deliveries {
 public:
  /// @param deliver_to  our name as a receiver: "telegram:<bot id>"
  Deliveries(GatewayStore& store, api::OrchestratorClient& orchestrator, Answers& answers,
             std::string deliver_to)
      : store_(store), orchestrator_(orchestrator), answers_(answers), deliver_to_(std::move(deliver_to)) {}

  /// Runs until cancelled.
  boost::asio::awaitable<void> run();

  /// True while the orchestrator does not answer.
  bool is_away() const { return away_; }

 private:
  /// One wait, and what came of it; false when the orchestrator, or the database, could not be used.
  boost::asio::awaitable<bool> take_some();

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  Answers& answers_;
  std::string deliver_to_;
  bool away_ = false;  ///< the orchestrator did not answer, and the log says so
};

}  // namespace butler::gateway
