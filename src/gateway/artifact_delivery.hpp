#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "api/orchestrator_client.hpp"
#include "async/event.hpp"
#include "domain/backoff.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/outbox_sender.hpp"

namespace butler::gateway {

/// Puts the files that jobs made into the outbox, after their answers: once per job, whatever restarts. The
/// answer does not wait for this.
class ArtifactDelivery {
 public:
  ArtifactDelivery(boost::asio::any_io_executor executor, GatewayStore& store,
                   api::OrchestratorClient& orchestrator, OutboxSender& outbox)
      : store_(store), orchestrator_(orchestrator), outbox_(outbox), changed_(std::move(executor)) {}

  /// A job has ended, and its answer is on disk.
  void wake() { changed_.notify_all(); }

  /// Runs until cancelled.
  boost::asio::awaitable<void> run();

 private:
  /// False when the orchestrator could not be asked.
  boost::asio::awaitable<bool> deliver(const FileCheck& check);
  void queue(const FileCheck& check, const std::vector<api::Artifact>& artifacts);

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  OutboxSender& outbox_;
  async::Event changed_;
};

}  // namespace butler::gateway
