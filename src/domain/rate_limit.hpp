#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>

#include "domain/timestamp.hpp"

namespace butler::domain {

/// At most `count` things of somebody in any stretch of `window`; `count` 0 means any number.
struct RateLimit {
  std::size_t count = 0;
  std::chrono::milliseconds window{60'000};
};

/// How long somebody has to wait before the next one is within the limit; nullopt when it is now. A sliding
/// window: what was at `now - window` or before, and what would be later than `now` (a clock that was set
/// back), does not count. Pure.
///
/// @param earlier  when the earlier ones were, in any order
std::optional<std::chrono::milliseconds> wait_for_rate(std::span<const Timestamp> earlier, Timestamp now,
                                                       const RateLimit& limit);

}  // namespace butler::domain
