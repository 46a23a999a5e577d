#pragma once

#include <string>

namespace butler::doctor {

/// The hidden command by which the doctor starts itself as the agent's user: `butler doctor-trial turn|tier`.
inline constexpr const char* trial_command = "doctor-trial";

/// Carries it out and prints one JSON object: of `turn` {passed, sandbox, reason}, of `tier` {tier}, or
/// {fault}. Gives up root for good. The exit status: 0 when there was something to print.
int run_trial(const std::string& what);

}  // namespace butler::doctor
