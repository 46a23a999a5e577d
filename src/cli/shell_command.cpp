#include "cli/shell_command.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/exit_code.hpp"

namespace butler::cli {

namespace {

/// CLI11 tells the choices of IsMember only as text: "TEXT:{once,session}".
std::vector<std::string> choices_in(const std::string& type) {
  const auto begin = type.find(":{");
  const auto end = type.find('}', begin == std::string::npos ? 0 : begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  return CLI::detail::split(type.substr(begin + 2, end - begin - 2), ',');
}

console::OptionNode option_node(const CLI::Option& option) {
  console::OptionNode node{.meaning = option.get_description(), .required = option.get_required()};
  for (const auto& name : option.get_snames()) node.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) node.names.push_back("--" + name);
  const std::string type = option.get_type_name();
  if (option.get_items_expected_max() > 0) node.value = type.substr(0, type.find(':'));
  node.choices = choices_in(type);
  if (node.names.empty()) node.value = option.get_name(true);
  return node;
}

}  // namespace

console::CommandNode command_tree(const CLI::App& app) {
  console::CommandNode node{.name = app.get_name(), .meaning = app.get_description()};
  for (const CLI::Option* const option : app.get_options()) {
    if (option->get_group().empty()) continue;
    auto shown = option_node(*option);
    (shown.names.empty() ? node.arguments : node.options).push_back(std::move(shown));
  }
  for (const CLI::App* const command : app.get_subcommands({})) {
    if (!command->get_group().empty()) node.commands.push_back(command_tree(*command));
  }
  return node;
}

void add_shell_commands(CLI::App& app, Action& chosen) {
  CLI::App* const group = add_group(app, "completion", "The script that lets a shell complete commands.");
  const auto add = [&](const char* name, const char* meaning, console::Shell shell) {
    add_command(*group, name, meaning, chosen, [&app, shell] {
      std::cout << console::completion_script(command_tree(app), shell);
      return exit_ok;
    });
  };
  add("bash", "Write: source <(butler completion bash)", console::Shell::bash);
  add("zsh", "Write: source <(butler completion zsh)", console::Shell::zsh);
  add("fish", "Write: butler completion fish | source", console::Shell::fish);
  add_command(app, "man", "The manual page: butler man | man -l -", chosen, [&app] {
    std::cout << console::manual_page(command_tree(app), BUTLER_VERSION);
    return exit_ok;
  });
}

}  // namespace butler::cli
