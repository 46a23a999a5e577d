#include "gateway/poll_health.hpp"

#include <utility>

namespace butler::gateway {

using std::chrono::milliseconds;

void PollHealth::completed(Time now) {
  completed_at_ = now;
  failures_ = 0;
  trouble_.clear();
}

void PollHealth::failed(std::string trouble) {
  ++failures_;
  trouble_ = std::move(trouble);
}

std::optional<milliseconds> PollHealth::until_deaf(Time now) const {
  if (is_deaf(now)) return std::nullopt;
  return std::chrono::ceil<milliseconds>(completed_at_ + deaf_after_ - now);
}

milliseconds PollHealth::age(Time now) const { return std::chrono::floor<milliseconds>(now - completed_at_); }

std::string PollHealth::trouble(Time now) const {
  if (!trouble_.empty() || !is_deaf(now)) return trouble_;
  return "no poll was completed for too long";
}

}  // namespace butler::gateway
