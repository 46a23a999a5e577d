#pragma once

#include "sandbox/init_plan.hpp"

namespace butler::sandbox {

/// Puts a broker between the agent and the kernel, where Landlock says too little: it cannot take a name out
/// of a writable folder, knows no chmod, and no process that comes later. The kernel holds the agent's calls
/// that make, move, open for writing or mark files (seccomp_unotify(2)), and the broker makes them, if the
/// plan's covered names allow it, with no more rights than the agent has.
///
/// Forks: returns in the child, which is to become the agent and has entered a Landlock domain below the
/// broker's. The parent is the broker and ends with the agent's exit status. To be called with no_new_privs,
/// after restrict_by_landlock(). Throws Fault in the child.
void begin_broker(const InitPlan& plan);

}  // namespace butler::sandbox
