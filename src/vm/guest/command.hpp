#pragma once

#include <sys/types.h>

#include "vm/guest/report.hpp"
#include "vm/message.hpp"

namespace butler::vm::guest {

/// Who the guest's commands run as, and who owns its workspace.
inline constexpr uid_t agent_user = 1000;

/// A started command: a session of its own. The descriptors are non-blocking, and the caller's to close.
struct StartedCommand {
  pid_t pid = 0;
  int input = -1;   ///< its standard input; the same as `output` for a terminal
  int output = -1;  ///< its standard output
  int errors = -1;  ///< its error output; -1 when that goes to `output`
};

/// Starts what the request says, as the guest's user `agent` (1000) unless it asks for root. The error is a
/// sentence.
/// @param separate_errors  whether the error output has a stream of its own
std::expected<StartedCommand, std::string> start_command(const RunRequest& request, bool separate_errors);

}  // namespace butler::vm::guest
