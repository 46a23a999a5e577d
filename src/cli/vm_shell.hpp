#pragma once

#include <string>
#include <vector>

namespace butler::cli {

struct VmShellOptions {
  std::vector<std::string> arguments;  ///< empty: a shell, in a terminal
  bool as_root = false;
};

/// Runs a command in the running machine with our own standard input and output. Returns its exit status; 128
/// and the signal's number when a signal has killed it.
int run_vm_shell(const VmShellOptions& options);

}  // namespace butler::cli
