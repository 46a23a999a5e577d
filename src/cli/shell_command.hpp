#pragma once

#include "cli/command_line.hpp"
#include "console/command_tree.hpp"

namespace butler::cli {

/// The program's commands as data, hidden ones left out.
console::CommandNode command_tree(const CLI::App& app);

/// Adds `butler completion bash|zsh|fish` and `butler man`: made from the commands themselves, so that they
/// are never stale. `app` is the whole program's.
void add_shell_commands(CLI::App& app, Action& chosen);

}  // namespace butler::cli
