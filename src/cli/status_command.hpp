#pragma once

#include "cli/command_line.hpp"

namespace butler::cli {

/// Adds `butler status`, `butler panic …` and `butler logs`.
void add_status_commands(CLI::App& app, Action& chosen);

/// Adds `butler pair …`.
void add_pair_commands(CLI::App& app, Action& chosen);

}  // namespace butler::cli
