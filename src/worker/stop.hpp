#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "async/event.hpp"

namespace butler::worker {

/// The worker's way to its end: from request() on no new work begins, and what runs has `grace` to be handed
/// back. Single-threaded.
class Stop {
 public:
  Stop(boost::asio::any_io_executor executor, std::chrono::milliseconds grace)
      : changed_(std::move(executor)), grace_(grace) {}

  void request();
  bool requested() const { return expires_ != never; }

  /// Returns when the stop is requested, at once if it was.
  boost::asio::awaitable<void> wait();

  /// Returns when a requested stop has used up its grace.
  boost::asio::awaitable<void> wait_expired();

  /// Waits that long, or until the stop is requested; once it was, at most until its grace is over.
  boost::asio::awaitable<void> pause(std::chrono::milliseconds duration);

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::time_point never = Clock::time_point::max();

  async::Event changed_;
  std::chrono::milliseconds grace_;
  Clock::time_point expires_ = never;
};

}  // namespace butler::worker
