#pragma once

#include "cli/command_line.hpp"

namespace butler::cli {

/// Adds `butler vm …` to the command line.
void add_vm_commands(CLI::App& app, Action& chosen);

}  // namespace butler::cli
