#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "async/event.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/languages.hpp"
#include "gateway/outbox_sender.hpp"

namespace butler::gateway {

/// Tells a person, once for all that waits there, when the orchestrator has taken nothing for too long.
class WaitingNotices {
 public:
  WaitingNotices(boost::asio::any_io_executor executor, GatewayStore& store, OutboxSender& outbox,
                 const Languages& languages, std::chrono::milliseconds patience = std::chrono::seconds{2})
      : store_(store),
        outbox_(outbox),
        languages_(languages),
        patience_(patience),
        new_turn_(std::move(executor)) {}

  /// A turn was stored.
  void turn_stored() { new_turn_.notify_all(); }
  /// The orchestrator has taken a turn: it is there, however many others wait for their turn.
  void turn_taken() { last_taken_ = domain::wall_clock_now(); }

  /// Watches until cancelled.
  boost::asio::awaitable<void> run();

 private:
  void tell(const Turn& oldest);

  GatewayStore& store_;
  OutboxSender& outbox_;
  const Languages& languages_;
  std::chrono::milliseconds patience_;
  async::Event new_turn_;
  domain::Timestamp last_taken_ = {};
};

}  // namespace butler::gateway
