#pragma once

namespace butler::vm_sandbox {

/// The descriptor on which vm_run() finds its plan.
inline constexpr int plan_descriptor = 3;
/// The one on which it is asked for the files in the machine: see copies_channel.hpp.
inline constexpr int copies_descriptor = 4;

/// The process between a job and its virtual machine: starts the machine, brings the files in, runs the
/// command with this process's own streams, brings the files out when it is asked to and at the end, and ends
/// the machine. It dies with its
/// starter, and the machine with it. Returns the command's exit status, 128 and the signal's number when it
/// was killed, or 125, with a sentence on the error output, when it could not be run or its workspace could
/// not be brought back.
int vm_run();

}  // namespace butler::vm_sandbox
