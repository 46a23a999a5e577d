#include "cli/config_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <ostream>

#include "cli/config_change.hpp"
#include "cli/config_shown.hpp"
#include "cli/exit_code.hpp"
#include "cli/local_secrets.hpp"
#include "config/example.hpp"
#include "config/variables.hpp"
#include "json/value.hpp"

namespace butler::cli {

namespace {

void print(const config::Variable& variable, const ShownValue& shown, std::ostream& out) {
  out << variable.name << '=';
  if (!shown.value.empty()) {
    out << shown.value;
  } else if (!variable.derived_default.empty()) {
    out << "  [" << variable.derived_default << ']';
  }
  out << "  (" << shown.source << ")\n    " << variable.meaning << " [" << config::describe_allowed(variable)
      << ']';
  if (const auto note = support_note(variable.support); !note.empty()) out << " - " << note;
  out << '\n';
}

template <class Settings>
config::Problems problems_of(const config::Decoded<Settings>& settings) {
  return settings ? config::Problems{} : settings.error();
}

config::Problems find_problems(const config::Loaded& loaded, std::optional<config::Role> role) {
  if (!role) return config::find_problems(with_trial_secrets(loaded));
  switch (*role) {
    case config::Role::orchestrator: return problems_of(config::orchestrator_settings(loaded));
    case config::Role::gateway: return problems_of(config::gateway_settings(loaded));
    case config::Role::worker: return problems_of(config::worker_settings(loaded));
  }
  return {};
}

json::Object to_json(const config::Problems& problems, const std::vector<std::string>& warnings) {
  json::Array all;
  for (const auto& problem : problems) {
    all.push_back(
        json::Object{{"name", problem.name}, {"source", problem.source}, {"message", problem.message}});
  }
  json::Array doubts;
  for (const auto& warning : warnings) doubts.emplace_back(warning);
  return {{"ok", problems.empty()}, {"problems", std::move(all)}, {"warnings", std::move(doubts)}};
}

std::optional<config::Role> role_named(const std::string& name) {
  for (const auto role : {config::Role::orchestrator, config::Role::gateway, config::Role::worker}) {
    if (config::role_name(role) == name) return role;
  }
  return std::nullopt;
}

void add_config_get(CLI::App& group, Action& chosen) {
  const auto name = std::make_shared<std::string>();
  const auto json = std::make_shared<bool>(false);
  CLI::App* const get = add_command(
      group, "get", "The value of one variable; exit status 1 when it has none.", chosen, [name, json] {
        return get_config(config::load(config::this_start()), *name, format_of(*json), std::cout);
      });
  get->add_option("NAME", *name, "The variable.")->required();
  get->add_flag("--json", *json, "As JSON.");
}

void add_config_changes(CLI::App& group, Action& chosen) {
  const auto given = std::make_shared<ConfigChange>();
  const auto value = std::make_shared<std::string>();
  const auto run = [given, value](CLI::App* set, bool remove) {
    ConfigChange change = *given;
    change.remove = remove;
    if (set != nullptr && set->count("VALUE") > 0) change.value = *value;
    const auto start = config::this_start();
    return change_config(start, config::load(start), change, std::cout);
  };
  const auto itself = std::make_shared<CLI::App*>(nullptr);
  CLI::App* const set = add_command(
      group, "set",
      "Write a variable to .env. Secrets come from --file or standard input, never from the command line.",
      chosen, [run, itself] { return run(*itself, false); });
  *itself = set;
  set->add_option("NAME", given->name, "The variable.")->required();
  auto* const option = set->add_option("VALUE", *value, "Its value; asked for when it is left out.");
  set->add_option("--file", given->file, "The value is this file's first line.")->excludes(option);
  set->add_flag("--json", given->json, "As JSON.");
  CLI::App* const unset =
      add_command(group, "unset", "Take a variable out of .env: its default is in effect then.", chosen,
                  [run] { return run(nullptr, true); });
  unset->add_option("NAME", given->name, "The variable.")->required();
  unset->add_flag("--json", given->json, "As JSON.");
}

}  // namespace

int list_config(const config::Loaded& loaded, Format format, std::ostream& out) {
  json::Array all;
  for (const config::Variable& variable : config::variables()) {
    const auto shown = show_value(variable, loaded);
    if (format == Format::json) {
      all.push_back(config_to_json(variable, shown));
    } else {
      print(variable, shown, out);
    }
  }
  if (format == Format::json) out << json::serialize(all) << '\n';
  return exit_ok;
}

int check_config(const config::Loaded& loaded, std::optional<config::Role> role, Format format,
                 std::ostream& out) {
  const auto problems = find_problems(loaded, role);
  if (format == Format::json) {
    out << json::serialize(to_json(problems, loaded.warnings)) << '\n';
  } else {
    for (const auto& problem : problems) out << "wrong: " << problem.text() << '\n';
    for (const auto& warning : loaded.warnings) out << "warning: " << warning << '\n';
    if (problems.empty())
      out << "The configuration is right; the home is " << loaded.place.home.string() << ".\n";
  }
  return problems.empty() ? exit_ok : exit_config;
}

void add_config_commands(CLI::App& app, Action& chosen) {
  /// What the options write to; lives as long as the commands.
  struct Given {
    std::string role;
    bool json = false;
  };
  const auto given = std::make_shared<Given>();
  CLI::App* const group = add_group(app, "config", "Show, check and change the configuration.");
  add_command(
      *group, "list", "Every variable: its value, where that comes from, and what it is for.", chosen,
      [given] { return list_config(config::load(config::this_start()), format_of(given->json), std::cout); })
      ->add_flag("--json", given->json, "As JSON.");
  CLI::App* const check = add_command(
      *group, "check", "Everything that is wrong or doubtful; exit status 78 when something is wrong.",
      chosen, [given] {
        return check_config(config::load(config::this_start()), role_named(given->role),
                            format_of(given->json), std::cout);
      });
  check->add_flag("--json", given->json, "As JSON.");
  check->add_option("--role", given->role, "Only what this role needs, as when it is started by itself.")
      ->check(CLI::IsMember({"orchestrator", "gateway", "worker"}));
  add_config_get(*group, chosen);
  add_config_changes(*group, chosen);
  add_command(*group, "example", "The text of .env.example.", chosen, [] {
    std::cout << config::render_env_example();
    return exit_ok;
  });
}

}  // namespace butler::cli
