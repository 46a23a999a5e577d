#pragma once

namespace butler::doctor {

/// The hidden command by which the doctor starts its own program as the agent's user: `butler doctor-trial
/// turn|tier|provider`. It prints one JSON object: of `turn` {passed, sandbox, reason}, of `tier` {tier}, of
/// `provider` {verdict?, reason?, listsModel?}, and of each {fault} when it could not be carried out. The
/// command line has it, because it needs the worker.
inline constexpr const char* trial_command = "doctor-trial";

}  // namespace butler::doctor
