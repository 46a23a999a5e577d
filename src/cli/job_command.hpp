#pragma once

#include "cli/command_line.hpp"

namespace butler::cli {

/// Adds `butler jobs` and `butler job …`.
void add_job_commands(CLI::App& app, Action& chosen);

}  // namespace butler::cli
