#pragma once

namespace butler::cli {

/// What the program's exit status says; the two high ones are those of sysexits.h.
enum ExitCode : int {
  exit_ok = 0,
  exit_failure = 1,
  exit_usage = 2,
  exit_temporary = 75,     ///< another instance holds the lock
  exit_config = 78,        ///< the configuration is wrong: starting again will not help
  exit_of_signals = 128,   ///< plus the signal's number, as shells have it
  exit_interrupted = 130,  ///< by Ctrl-C
};

}  // namespace butler::cli
