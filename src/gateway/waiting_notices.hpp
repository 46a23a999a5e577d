#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "async/event.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/outbox_sender.hpp"

namespace butler::gateway {

/// Tells a person, once, when a message has waited too long for the orchestrator to take it.
class WaitingNotices {
 public:
  WaitingNotices(boost::asio::any_io_executor executor, GatewayStore& store, OutboxSender& outbox,
                 std::chrono::milliseconds patience = std::chrono::seconds{2})
      : store_(store), outbox_(outbox), patience_(patience), new_turn_(std::move(executor)) {}

  /// A turn was stored.
  void turn_stored() { new_turn_.notify_all(); }

  /// Watches until cancelled.
  boost::asio::awaitable<void> run();

 private:
  void tell(const Turn& turn);

  GatewayStore& store_;
  OutboxSender& outbox_;
  std::chrono::milliseconds patience_;
  async::Event new_turn_;
};

}  // namespace butler::gateway
