#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <vector>

#include "postgres/connection.hpp"

namespace butler::postgres {

/// Hears what is notified on channels (NOTIFY), over a connection of its own. One thread; nothing is polled:
/// the event loop waits for the connection's socket.
class Listener {
 public:
  struct Hooks {
    /// Somebody has notified, this process too. Payloads that were not heard because the connection was lost
    /// are lost.
    std::function<void(const Notification&)> heard;
    /// From now on notifications are heard: at the start, and again after each loss. Whatever can have been
    /// missed before is to be looked for.
    std::function<void()> listening;
  };

  /// @param channels  names of letters, digits and '_'
  Listener(boost::asio::any_io_executor executor, Target target, std::vector<std::string> channels,
           Hooks hooks);

  /// Until cancelled; connects again, once a second, when the connection is lost.
  boost::asio::awaitable<void> run();

 private:
  boost::asio::awaitable<void> listen_until_lost();

  boost::asio::any_io_executor executor_;
  Target target_;
  std::vector<std::string> channels_;
  Hooks hooks_;
};

}  // namespace butler::postgres
