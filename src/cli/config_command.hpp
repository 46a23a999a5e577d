#pragma once

#include <iosfwd>
#include <optional>

#include "cli/command_line.hpp"
#include "config/load.hpp"

namespace butler::cli {

/// `butler config list`: every variable with its value (never a secret's), where that comes from, and what it
/// is for.
int list_config(const config::Loaded& loaded, Format format, std::ostream& out);

/// `butler config check`: what is wrong and what is doubtful, for one role or for all three as `butler up`
/// starts them. exit_ok, or exit_config.
int check_config(const config::Loaded& loaded, std::optional<config::Role> role, Format format,
                 std::ostream& out);

/// Adds `butler config …` to the command line.
void add_config_commands(CLI::App& app, Action& chosen);

}  // namespace butler::cli
