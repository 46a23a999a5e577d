#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "async/event.hpp"
#include "telegram/webhook.hpp"

namespace butler::gateway {

/// Brings what comes on many connections at once into the store: all that has arrived in one turn of the
/// event loop is one commit, in the order of its arrival.
class WebhookIntake {
 public:
  /// Stores a batch, or throws StoreFault when nothing of it was kept. Any other exception ends run(): what
  /// is on disk is not known then.
  using Store = std::function<void(const std::vector<telegram::RawUpdate>& batch)>;

  WebhookIntake(boost::asio::any_io_executor executor, Store store)
      : store_(std::move(store)), arrived_(executor), decided_(executor) {}

  /// True once the update is on disk; false when it is not, and Telegram has to keep it.
  boost::asio::awaitable<bool> take(telegram::RawUpdate update);

  /// Stores what arrives, until cancelled.
  boost::asio::awaitable<void> run();

  /// Nothing more is taken; what waits is told so.
  void close();

 private:
  struct Waiting {
    telegram::RawUpdate update;
    std::optional<bool> kept = {};
  };
  using Batch = std::vector<std::shared_ptr<Waiting>>;

  void store_all(const Batch& batch);

  Store store_;
  Batch waiting_;
  async::Event arrived_;
  async::Event decided_;
  bool closed_ = false;
};

}  // namespace butler::gateway
