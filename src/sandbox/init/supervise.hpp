#pragma once

#include "sandbox/init_plan.hpp"

namespace butler::sandbox {

/// Runs the agent as a child, for tiers without a process namespace: when the agent ends, or this process's
/// own parent, whatever the agent has started ends with it, sessions of its own or not. The exit status is
/// the agent's, 128 and the signal's number when it was killed.
int supervise(const InitPlan& plan);

}  // namespace butler::sandbox
