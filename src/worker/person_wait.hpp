#pragma once

#include <chrono>

namespace butler::worker {

/// How long people have been waited for: such time counts against no deadline. Waits may overlap.
class PersonWait {
 public:
  using Clock = std::chrono::steady_clock;

  /// A wait lasts as long as one of these lives.
  class Span {
   public:
    explicit Span(PersonWait& wait) : wait_(wait) {
      if (wait_.open_++ == 0) wait_.since_ = Clock::now();
    }
    Span(const Span&) = delete;
    Span& operator=(const Span&) = delete;
    ~Span() {
      if (--wait_.open_ > 0) return;
      wait_.ended_ = Clock::now();
      wait_.total_ += wait_.ended_ - wait_.since_;
    }

   private:
    PersonWait& wait_;
  };

  bool waits() const { return open_ > 0; }
  /// All the time that was waited, the wait under way included.
  Clock::duration total(Clock::time_point now) const {
    return total_ + (waits() ? now - since_ : Clock::duration{});
  }
  /// When the last wait ended; the clock's least value when there was none.
  Clock::time_point ended() const { return ended_; }

 private:
  int open_ = 0;
  Clock::time_point since_{};
  Clock::time_point ended_ = Clock::time_point::min();
  Clock::duration total_{};
};

}  // namespace butler::worker
