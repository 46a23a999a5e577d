#pragma once

#include <sys/wait.h>

namespace butler::sandbox {

/// Of butler-sandbox-init itself, when the program could not be started.
inline constexpr int exit_failed = 125;

/// Added to a signal's number in an exit status, as a shell does.
inline constexpr int signal_base = 128;

/// The exit status that a shell would give for what waitpid(2) said.
inline int exit_status(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : signal_base + WTERMSIG(wait_status);
}

}  // namespace butler::sandbox
