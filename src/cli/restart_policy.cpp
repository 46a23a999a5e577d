#include "cli/restart_policy.hpp"

namespace butler::cli {

Restart plan_restart(const RestartPolicy& policy, int failures, std::chrono::milliseconds ready_for) {
  const int counted = ready_for >= policy.healthy_after ? 1 : failures + 1;
  // No jitter: there is one of each, and nobody else to keep out of step with.
  return Restart{.failures = counted, .delay = domain::retry_delay(policy.backoff, counted, 0)};
}

}  // namespace butler::cli
