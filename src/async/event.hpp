#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>

namespace butler::async {

/// Something that happens and wakes whoever waits for it. It holds no state: a notification wakes those that
/// wait at that moment, so check the condition, then wait, with no co_await in between. Single-threaded.
class Event {
 public:
  explicit Event(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Returns after the next notify_all(). Throws operation_aborted when the waiting task is cancelled.
  boost::asio::awaitable<void> wait();

  /// As wait(), but at most until `deadline`: false when it came first.
  boost::asio::awaitable<bool> wait_until(std::chrono::steady_clock::time_point deadline);

  void notify_all();

 private:
  struct Waiter {
    boost::asio::steady_timer timer;
    bool notified = false;
  };

  boost::asio::any_io_executor executor_;
  std::list<Waiter*> waiters_;
};

/// Waits that long. Throws operation_aborted when the waiting task is cancelled.
boost::asio::awaitable<void> sleep_for(std::chrono::steady_clock::duration duration);

}  // namespace butler::async
