#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

namespace butler::gateway {

/// How urgent a call is. The bot's whole budget keeps some room free for what is more urgent.
enum class Urgency : std::uint8_t {
  urgent,    ///< a question that waits for a decision, or a failure
  answer,    ///< what a person asked for
  notice,    ///< something in between
  ornament,  ///< "typing…": dropped when there is no room, never queued
};

/// How fast we write, a little below what Telegram takes: about one message a second in a chat after a short
/// burst, 20 in a minute in a group, 30 a second in all (Bot API FAQ). Our messages may be closer together
/// when they arrive than when they left, hence the distance.
struct FloodLimits {
  std::ptrdiff_t chat_burst = 4;
  std::chrono::milliseconds chat_interval{1'050};
  std::chrono::milliseconds group_interval{3'050};
  std::ptrdiff_t group_messages = 19;  ///< in any group_window
  std::chrono::milliseconds group_window{61'000};
  std::ptrdiff_t bot_calls = 25;  ///< in any bot_window
  std::chrono::milliseconds bot_window{1'050};
  std::array<std::ptrdiff_t, 4> kept_free{0, 3, 8, 15};  ///< of bot_calls, for each Urgency
  std::ptrdiff_t kept_free_in_chat = 2;   ///< of chat_burst, for what is more urgent than a preview
  std::ptrdiff_t kept_free_in_group = 6;  ///< of group_messages, likewise
  std::ptrdiff_t edits_before_start = 3;  ///< of chat_burst: see remember_edits()
  std::ptrdiff_t draft_burst = 2;         ///< drafts are no messages, and have a budget of their own
  std::chrono::milliseconds draft_interval{1'000};
  std::chrono::milliseconds longest_draft_freeze{60'000};
  std::chrono::milliseconds longest_reservation{10'000};  ///< what has not left by then does not
};

/// Says when a message may leave, so that Telegram never has to refuse one of ours; and stands still where
/// Telegram did refuse one. Pure; the caller brings the time. Forgets chats that are at rest.
class FloodControl {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit FloodControl(FloodLimits limits = {}) : limits_(limits) {}

  /// How long the next message to the chat has to wait; zero when it may go.
  std::chrono::milliseconds wait(std::int64_t chat_id, Urgency urgency, Time now) const;

  /// How long a message counts.
  std::chrono::milliseconds memory() const { return limits_.group_window; }

  /// Counts a message to the chat that leaves now. In the order of time.
  void spend(std::int64_t chat_id, Time now);

  /// Counts a message that is decided, and leaves when that is on disk: until then it takes its place in
  /// every limit, however long a slow disk or a busy loop takes. Else what was decided one by one could leave
  /// together.
  void reserve(std::int64_t chat_id, Time now);

  /// What was reserved for the chat leaves now, and counts from now on. Without a reservation as spend().
  void departs(std::int64_t chat_id, Time now);

  /// What was reserved for the chat does not leave.
  void take_back(std::int64_t chat_id);

  /// After a restart, for a chat that was written to lately, and after its messages were counted again: edits
  /// count at Telegram as messages do, and nobody has noted when they left. So most of the burst is taken as
  /// used; one message may go at once still.
  void remember_edits(std::int64_t chat_id, Time now);

  /// True, and counted, when a chat action may go to the chat now.
  bool take_ornament(std::int64_t chat_id, Time now);

  /// True, and counted, when a message or an edit that nobody waits for may go to the chat now: only where it
  /// takes no room from what somebody does wait for.
  bool take_preview(std::int64_t chat_id, Time now);

  /// True, and counted, when a draft may go to the chat now.
  bool take_draft(std::int64_t chat_id, Time now);

  /// Telegram answered 429 to a draft: the chat gets none for that long (a minute at most). Its messages do
  /// not wait for that.
  void draft_refused(std::int64_t chat_id, std::chrono::milliseconds pause, Time now);

  /// Telegram answered 429. The chat is left alone for `pause`. The whole bot is, when the call named no
  /// chat, or another chat is being left alone already: then the limit is the bot's.
  void refused(std::optional<std::int64_t> chat_id, std::chrono::milliseconds pause, Time now);

 private:
  struct Chat {
    // The bucket as one time ("virtual scheduling"): when it will be full again. It is full in the past.
    Time full_at{};
    std::deque<Time> window = {};  ///< of a group: when its latest messages left
    Time frozen_until{};
    Time drafts_full_at{};  ///< as full_at, of the drafts
    Time drafts_frozen_until{};
  };

  struct Reservation {
    std::int64_t chat_id = 0;
    Time since{};
  };

  std::chrono::milliseconds interval(std::int64_t chat_id) const;
  void count_in_chat(std::int64_t chat_id, Time now);
  bool end_reservation(std::int64_t chat_id);
  Time earliest_in_chat(std::int64_t chat_id) const;
  Time earliest_preview_in_chat(std::int64_t chat_id) const;
  Time earliest_for_bot(Urgency urgency, Time now) const;
  void count_call(Time now);
  void forget_rested(Time now);

  FloodLimits limits_;
  std::unordered_map<std::int64_t, Chat> chats_;
  std::deque<Time> calls_;            ///< of the whole bot, in the last window
  std::deque<Reservation> reserved_;  ///< decided, and not left yet
  Time bot_held_until_{};
  std::size_t forget_beyond_ = 1'024;
};

}  // namespace butler::gateway
