#pragma once

#include "sandbox/init_plan.hpp"

namespace butler::sandbox {

/// The version of the kernel's Landlock; 0 for none.
int landlock_version();

/// Restricts the process, and all that it starts, to the plan's files, and to its port if it names one. Needs
/// no_new_privs. Throws Fault; without Landlock in the kernel, only if the plan requires it.
void restrict_by_landlock(const InitPlan& plan);

}  // namespace butler::sandbox
