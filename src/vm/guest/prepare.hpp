#pragma once

#include "vm/guest/report.hpp"
#include "vm/message.hpp"

namespace butler::vm::guest {

/// What must be done once before the first command, also after a restore: mixes the host's fresh random bytes
/// in and makes the kernel's generator start anew from them, sets the clock, and mounts the root file system
/// (when the machine has a disk for one) and the workspace.
Outcome prepare(const PrepareRequest& request);

}  // namespace butler::vm::guest
