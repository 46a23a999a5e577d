#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <utility>

namespace butler::cli {

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& meaning, Action& chosen,
                      Action action) {
  CLI::App* const command = parent.add_subcommand(name, meaning);
  command->callback([&chosen, action = std::move(action)] { chosen = action; });
  return command;
}

CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& meaning) {
  CLI::App* const group = parent.add_subcommand(name, meaning);
  group->require_subcommand(1);
  return group;
}

}  // namespace butler::cli
