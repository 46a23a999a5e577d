#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <list>
#include <memory>

namespace butler::http {

/// Many deadlines on one timer. A connection moves its deadline with every step of every request; here that
/// is an assignment, and the timer is set again only when a deadline comes before all others. One thread.
class Deadlines {
  class Timer;

 public:
  using Clock = std::chrono::steady_clock;

  /// Nothing expires early; `resolution` is how late it may be.
  Deadlines(const boost::asio::any_io_executor& executor, Clock::duration resolution);
  ~Deadlines();

  /// One deadline, and what happens when it passes. May outlive the Deadlines (it then never expires).
  class Entry {
   public:
    /// `on_expiry` is called from the event loop, once for each set(); it must not create or destroy entries.
    Entry(Deadlines& deadlines, std::function<void()> on_expiry);
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    void set(Clock::time_point at);
    void clear() { at_ = Clock::time_point::max(); }

   private:
    friend class Deadlines;
    std::shared_ptr<Timer> timer_;
    std::function<void()> on_expiry_;
    Clock::time_point at_ = Clock::time_point::max();
    std::list<Entry*>::iterator place_;
  };

 private:
  std::shared_ptr<Timer> timer_;
};

}  // namespace butler::http
