#include "gateway/flood_control.hpp"

#include <algorithm>
#include <utility>

namespace butler::gateway {

namespace {

using Time = FloodControl::Time;
using std::chrono::milliseconds;

/// When fewer than `limit` of these times are within the last `window`.
Time room_at(const std::deque<Time>& times, std::ptrdiff_t limit, milliseconds window) {
  const auto count = std::ssize(times);
  if (count < limit) return {};
  return times[static_cast<std::size_t>(count - limit)] + window;
}

void remember(std::deque<Time>& times, std::ptrdiff_t most, Time now) {
  times.push_back(now);
  while (std::ssize(times) > most) times.pop_front();
}

}  // namespace

milliseconds FloodControl::interval(std::int64_t chat_id) const {
  return chat_id < 0 ? limits_.group_interval : limits_.chat_interval;
}

Time FloodControl::earliest_in_chat(std::int64_t chat_id) const {
  const auto found = chats_.find(chat_id);
  if (found == chats_.end()) return {};
  const Chat& chat = found->second;
  const Time bucket = chat.full_at - interval(chat_id) * (limits_.chat_burst - 1);
  const Time window = room_at(chat.window, limits_.group_messages, limits_.group_window);
  return std::max({bucket, window, chat.frozen_until});
}

Time FloodControl::earliest_for_bot(Urgency urgency) const {
  const auto limit = limits_.bot_calls - limits_.kept_free.at(std::to_underlying(urgency));
  return std::max(room_at(calls_, limit, limits_.bot_window), bot_held_until_);
}

milliseconds FloodControl::wait(std::int64_t chat_id, Urgency urgency, Time now) const {
  const Time earliest = std::max(earliest_in_chat(chat_id), earliest_for_bot(urgency));
  if (earliest <= now) return {};
  return std::chrono::ceil<milliseconds>(earliest - now);
}

void FloodControl::spend(std::int64_t chat_id, Time now) {
  if (chats_.size() >= forget_beyond_) forget_rested(now);
  Chat& chat = chats_[chat_id];
  chat.full_at = std::max(chat.full_at, now) + interval(chat_id);
  if (chat_id < 0) remember(chat.window, limits_.group_messages, now);
  count_call(now);
}

bool FloodControl::take_ornament(std::int64_t chat_id, Time now) {
  const auto found = chats_.find(chat_id);
  const bool frozen = found != chats_.end() && found->second.frozen_until > now;
  if (frozen || earliest_for_bot(Urgency::ornament) > now) return false;
  count_call(now);
  return true;
}

void FloodControl::refused(std::optional<std::int64_t> chat_id, milliseconds pause, Time now) {
  const Time until = now + pause;
  const bool another_frozen = std::ranges::any_of(
      chats_, [&](const auto& entry) { return entry.first != chat_id && entry.second.frozen_until > now; });
  if (!chat_id || another_frozen) bot_held_until_ = std::max(bot_held_until_, until);
  if (!chat_id) return;
  Chat& chat = chats_[*chat_id];
  chat.frozen_until = std::max(chat.frozen_until, until);
}

void FloodControl::count_call(Time now) { remember(calls_, limits_.bot_calls, now); }

void FloodControl::forget_rested(Time now) {
  std::erase_if(chats_, [&](const auto& entry) {
    const Chat& chat = entry.second;
    const bool window_over = chat.window.empty() || chat.window.back() + limits_.group_window <= now;
    return chat.full_at <= now && chat.frozen_until <= now && window_over;
  });
  forget_beyond_ = std::max<std::size_t>(1'024, chats_.size() * 2);
}

}  // namespace butler::gateway
