#pragma once

#include "sandbox_probe/attempt.hpp"

namespace butler::sandbox_probe {

/// Makes the attempt in a child process, which may be killed by the sandbox, crash, lose its rights or hang
/// (five seconds) without harm to the others. Being killed for it counts as held.
Finding make_isolated(const Attempt& attempt, const Targets& targets);

}  // namespace butler::sandbox_probe
