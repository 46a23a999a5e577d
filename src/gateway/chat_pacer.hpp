#pragma once

#include <chrono>
#include <cstdint>
#include <unordered_map>

namespace butler::gateway {

/// How fast we write into one chat, so that Telegram never has to tell us to slow down.
struct Pace {
  int burst = 4;
  std::chrono::milliseconds private_interval{1'050};
  std::chrono::milliseconds group_interval{3'050};  ///< groups take 20 a minute
};

/// A token bucket for each chat. Pure; the caller brings the time. Forgets chats that are at rest.
class ChatPacer {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit ChatPacer(Pace pace = {}) : pace_(pace) {}

  /// How long the next message to the chat has to wait; zero when it may go.
  std::chrono::milliseconds wait(std::int64_t chat_id, Time now) const;

  /// Counts a message to the chat.
  void spend(std::int64_t chat_id, Time now);

 private:
  std::chrono::milliseconds interval(std::int64_t chat_id) const {
    return chat_id < 0 ? pace_.group_interval : pace_.private_interval;
  }
  void forget_rested(Time now);

  Pace pace_;
  // The bucket as one time ("virtual scheduling"): when it will be full again. It is full in the past.
  std::unordered_map<std::int64_t, Time> full_at_;
  std::size_t forget_beyond_ = 1'024;
};

}  // namespace butler::gateway
