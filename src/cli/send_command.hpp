#pragma once

#include "cli/command_line.hpp"

namespace butler::cli {

/// Adds `butler send` and `butler chat`.
void add_send_commands(CLI::App& app, Action& chosen);

}  // namespace butler::cli
