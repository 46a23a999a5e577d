#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "cli/command_line.hpp"
#include "config/load.hpp"

namespace butler::cli {

/// `butler sandbox run -- COMMAND…`: the exit status is the command's; 78 when nothing can contain it.
int run_in_sandbox(const config::Loaded& loaded, std::vector<std::string> command);

/// `butler sandbox explain`: which tier is used and why not the others; what is visible, writable, reachable;
/// the limits. exit_config when agents cannot be contained.
int explain_sandbox(const config::Loaded& loaded, Format format, std::ostream& out);

/// Adds `butler sandbox …` to the command line.
void add_sandbox_commands(CLI::App& app, Action& chosen);

}  // namespace butler::cli
