#include "domain/rate_limit.hpp"

#include <algorithm>
#include <vector>

namespace butler::domain {

std::optional<std::chrono::milliseconds> wait_for_rate(std::span<const Timestamp> earlier, Timestamp now,
                                                       const RateLimit& limit) {
  if (limit.count == 0) return std::nullopt;
  std::vector<Timestamp> counted;
  for (const Timestamp time : earlier) {
    if (time > now - limit.window && time <= now) counted.push_back(time);
  }
  if (counted.size() < limit.count) return std::nullopt;
  // The next one is within the limit once only `count - 1` of these are left in the window.
  std::ranges::sort(counted);
  return counted[counted.size() - limit.count] + limit.window - now;
}

}  // namespace butler::domain
