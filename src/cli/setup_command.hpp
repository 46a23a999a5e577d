#pragma once

#include "cli/command_line.hpp"

namespace butler::cli {

/// Adds `butler setup` to the command line.
void add_setup_command(CLI::App& app, Action& chosen);

}  // namespace butler::cli
