#include "domain/backoff.hpp"

#include <algorithm>
#include <cmath>

namespace butler::domain {

std::chrono::milliseconds retry_delay(const Backoff& backoff, int attempt, double jitter) {
  const double grown =
      static_cast<double>(backoff.initial.count()) * std::pow(backoff.factor, std::clamp(attempt - 1, 0, 60));
  const double capped = std::min(grown, static_cast<double>(backoff.cap.count()));
  return std::chrono::milliseconds{static_cast<std::int64_t>(capped * (1.0 - jitter / 2))};
}

}  // namespace butler::domain
