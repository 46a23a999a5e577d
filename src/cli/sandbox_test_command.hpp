#pragma once

#include <iosfwd>
#include <string>

#include "cli/command_line.hpp"

namespace butler::cli {

/// `butler sandbox test`: runs the probe suite in the tiers of the sandbox and, as the positive control,
/// without one, on a made-up machine with planted secrets (src/sandbox_probe/machine.hpp); says what was
/// held, what is open and what would mend it. `tier`: only that one; "" for every tier that needs no virtual
/// machine. See sandbox_test_exit() for what is returned.
///
/// As root the agent's user plays the user.
int test_sandbox(const std::string& tier, Format format, std::ostream& out);

}  // namespace butler::cli
