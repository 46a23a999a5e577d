#pragma once

#include <cstddef>
#include <iosfwd>

#include "cli/command_line.hpp"

namespace butler::cli {

/// `butler render`: Markdown in, {"parts": [{"text", "entities"}]} out, as the gateway would send it. Returns
/// exit_ok.
int render_messages(std::istream& in, std::size_t limit, std::ostream& out);

/// Adds `butler render` to the command line.
void add_render_command(CLI::App& app, Action& chosen);

}  // namespace butler::cli
