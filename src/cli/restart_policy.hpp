#pragma once

#include <chrono>

#include "domain/backoff.hpp"

namespace butler::cli {

/// When a child that has ended is started again.
struct RestartPolicy {
  domain::Backoff backoff{};  ///< 0.2 s, doubled up to 30 s
  std::chrono::milliseconds healthy_after{
      60'000};  ///< having been ready this long, it begins from the first wait again
};

struct Restart {
  int failures = 0;  ///< in a row, this one included
  std::chrono::milliseconds delay{0};

  bool operator==(const Restart&) const = default;
};

/// What follows an end: `failures` before it, and how long the child had been ready (0 when it never was).
Restart plan_restart(const RestartPolicy& policy, int failures, std::chrono::milliseconds ready_for);

}  // namespace butler::cli
