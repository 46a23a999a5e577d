#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace butler::gateway {

/// What is known of our hearing: whether Telegram's updates reach us.
class PollHealth {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// @param deaf_after  without a completed poll for that long, nobody can say that we hear
  PollHealth(Time start, std::chrono::milliseconds deaf_after)
      : completed_at_(start), deaf_after_(deaf_after) {}

  void completed(Time now);
  /// @param trouble  a sentence for people
  void failed(std::string trouble);

  bool is_deaf(Time now) const { return now - completed_at_ >= deaf_after_; }
  /// How long the next poll may take until we have to be called deaf; nullopt when we are.
  std::optional<std::chrono::milliseconds> until_deaf(Time now) const;
  /// Since the last completed poll, or the start.
  std::chrono::milliseconds age(Time now) const;
  /// Why we may miss something: "" when the last poll was completed, and not too long ago.
  std::string trouble(Time now) const;
  int failures() const { return failures_; }

 private:
  Time completed_at_;
  std::chrono::milliseconds deaf_after_;
  int failures_ = 0;
  std::string trouble_;
};

}  // namespace butler::gateway
