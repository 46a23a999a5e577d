#pragma once

#include <cstdint>
#include <string>

#include "sandbox/init_plan.hpp"

namespace butler::sandbox {

/// From its descriptor. Throws Fault.
InitPlan read_plan();

/// Into the plan's control group, with all that is started from now on. Throws Fault.
void enter_group(const InitPlan& plan);

/// A session keyring of its own, in the place of the one with the host's keys.
void leave_keyring();

/// SIGKILL when the parent dies; at once when the parent is already another one than the plan names.
void end_with_parent(std::uint64_t parent);

/// Says it through the control socket, or without one on the error output.
void report_fault(const std::string& sentence);

/// Does everything the plan says and becomes the agent. Throws Fault when anything fails.
[[noreturn]] void enter(const InitPlan& plan);

}  // namespace butler::sandbox
