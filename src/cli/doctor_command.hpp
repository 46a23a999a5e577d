#pragma once

#include "cli/command_line.hpp"

namespace butler::cli {

/// Adds `butler doctor` to the command line.
void add_doctor_command(CLI::App& app, Action& chosen);

}  // namespace butler::cli
