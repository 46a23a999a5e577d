#pragma once

#include <chrono>

namespace butler::domain {

/// A retry schedule: initial, initial × factor, … up to cap, each shortened by up to half by the jitter.
struct Backoff {
  std::chrono::milliseconds initial{200};
  double factor = 2.0;
  std::chrono::milliseconds cap{30'000};
};

/// The wait before retry number `attempt` (1, 2, 3…). `jitter` is a random number in [0, 1).
std::chrono::milliseconds retry_delay(const Backoff& backoff, int attempt, double jitter);

}  // namespace butler::domain
