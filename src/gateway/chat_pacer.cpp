#include "gateway/chat_pacer.hpp"

#include <algorithm>

namespace butler::gateway {

std::chrono::milliseconds ChatPacer::wait(std::int64_t chat_id, Time now) const {
  const auto found = full_at_.find(chat_id);
  if (found == full_at_.end()) return {};
  const Time may_go = found->second - interval(chat_id) * (pace_.burst - 1);
  if (may_go <= now) return {};
  return std::chrono::ceil<std::chrono::milliseconds>(may_go - now);
}

void ChatPacer::spend(std::int64_t chat_id, Time now) {
  if (full_at_.size() >= forget_beyond_) forget_rested(now);
  Time& full_at = full_at_.try_emplace(chat_id, now).first->second;
  full_at = std::max(full_at, now) + interval(chat_id);
}

void ChatPacer::forget_rested(Time now) {
  std::erase_if(full_at_, [now](const auto& entry) { return entry.second <= now; });
  forget_beyond_ = std::max<std::size_t>(1'024, full_at_.size() * 2);
}

}  // namespace butler::gateway
