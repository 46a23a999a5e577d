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

Time FloodControl::earliest_preview_in_chat(std::int64_t chat_id) const {
  const auto found = chats_.find(chat_id);
  if (found == chats_.end()) return {};
  const Chat& chat = found->second;
  const auto burst = std::max<std::ptrdiff_t>(limits_.chat_burst - limits_.kept_free_in_chat, 1);
  const auto in_group = std::max<std::ptrdiff_t>(limits_.group_messages - limits_.kept_free_in_group, 1);
  const Time bucket = chat.full_at - interval(chat_id) * (burst - 1);
  return std::max({bucket, room_at(chat.window, in_group, limits_.group_window), chat.frozen_until});
}

/// What is reserved may leave at this very moment.
Time FloodControl::earliest_for_bot(Urgency urgency, Time now) const {
  const auto reserved = std::ranges::count_if(
      reserved_, [&](const Reservation& one) { return one.since + limits_.longest_reservation > now; });
  const auto limit = limits_.bot_calls - limits_.kept_free.at(std::to_underlying(urgency)) - reserved;
  if (limit <= 0) return std::max(now + limits_.bot_window, bot_held_until_);
  return std::max(room_at(calls_, limit, limits_.bot_window), bot_held_until_);
}

milliseconds FloodControl::wait(std::int64_t chat_id, Urgency urgency, Time now) const {
  const Time earliest = std::max(earliest_in_chat(chat_id), earliest_for_bot(urgency, now));
  if (earliest <= now) return {};
  return std::chrono::ceil<milliseconds>(earliest - now);
}

void FloodControl::count_in_chat(std::int64_t chat_id, Time now) {
  if (chats_.size() >= forget_beyond_) forget_rested(now);
  Chat& chat = chats_[chat_id];
  chat.full_at = std::max(chat.full_at, now) + interval(chat_id);
  if (chat_id < 0) remember(chat.window, limits_.group_messages, now);
}

void FloodControl::spend(std::int64_t chat_id, Time now) {
  count_in_chat(chat_id, now);
  count_call(now);
}

void FloodControl::reserve(std::int64_t chat_id, Time now) {
  std::erase_if(reserved_,
                [&](const Reservation& one) { return one.since + limits_.longest_reservation <= now; });
  count_in_chat(chat_id, now);
  reserved_.push_back({.chat_id = chat_id, .since = now});
}

void FloodControl::departs(std::int64_t chat_id, Time now) {
  if (!end_reservation(chat_id)) return spend(chat_id, now);
  Chat& chat = chats_[chat_id];
  chat.full_at = std::max(chat.full_at, now + interval(chat_id));
  if (!chat.window.empty()) chat.window.back() = now;
  count_call(now);
}

void FloodControl::take_back(std::int64_t chat_id) { end_reservation(chat_id); }

bool FloodControl::end_reservation(std::int64_t chat_id) {
  const auto found = std::ranges::find(reserved_, chat_id, &Reservation::chat_id);
  if (found == reserved_.end()) return false;
  reserved_.erase(found);
  return true;
}

void FloodControl::remember_edits(std::int64_t chat_id, Time now) {
  Chat& chat = chats_[chat_id];
  chat.full_at = std::max(chat.full_at, now + interval(chat_id) * limits_.edits_before_start);
}

bool FloodControl::take_ornament(std::int64_t chat_id, Time now) {
  const auto found = chats_.find(chat_id);
  const bool frozen = found != chats_.end() && found->second.frozen_until > now;
  if (frozen || earliest_for_bot(Urgency::ornament, now) > now) return false;
  count_call(now);
  return true;
}

bool FloodControl::take_preview(std::int64_t chat_id, Time now) {
  if (std::max(earliest_preview_in_chat(chat_id), earliest_for_bot(Urgency::ornament, now)) > now)
    return false;
  spend(chat_id, now);
  return true;
}

bool FloodControl::take_draft(std::int64_t chat_id, Time now) {
  if (earliest_for_bot(Urgency::ornament, now) > now) return false;
  if (chats_.size() >= forget_beyond_) forget_rested(now);
  Chat& chat = chats_[chat_id];
  const Time bucket = chat.drafts_full_at - limits_.draft_interval * (limits_.draft_burst - 1);
  if (std::max({bucket, chat.frozen_until, chat.drafts_frozen_until}) > now) return false;
  chat.drafts_full_at = std::max(chat.drafts_full_at, now) + limits_.draft_interval;
  count_call(now);
  return true;
}

void FloodControl::draft_refused(std::int64_t chat_id, milliseconds pause, Time now) {
  Chat& chat = chats_[chat_id];
  chat.drafts_frozen_until =
      std::max(chat.drafts_frozen_until, now + std::min(pause, limits_.longest_draft_freeze));
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
    const bool drafts_over = chat.drafts_full_at <= now && chat.drafts_frozen_until <= now;
    return chat.full_at <= now && chat.frozen_until <= now && window_over && drafts_over;
  });
  forget_beyond_ = std::max<std::size_t>(1'024, chats_.size() * 2);
}

}  // namespace butler::gateway
