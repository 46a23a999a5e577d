#include "cli/config_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <ostream>

#include "cli/exit_code.hpp"
#include "cli/local_secrets.hpp"
#include "config/example.hpp"
#include "config/variables.hpp"
#include "json/value.hpp"

namespace butler::cli {

namespace {

struct Shown {
  std::string value;  ///< "" for none
  std::string source;
};

/// A secret is only told to be there. A text that is set wrongly may hold one.
Shown show(const config::Variable& variable, const config::Loaded& loaded) {
  const auto entry = loaded.environment.find(variable.name);
  const bool set = entry != loaded.environment.end() && !entry->second.value.empty();
  if (set)
    return {.value = variable.secret() ? "(set)" : entry->second.value, .source = entry->second.source};
  if (variable.name == "BUTLER_HOME") return {.value = loaded.place.home.string(), .source = "default"};
  if (!variable.default_value.empty())
    return {.value = std::string{variable.default_value}, .source = "default"};
  return {.value = "", .source = variable.derived_default.empty() ? "not set" : "default"};
}

std::string support_note(config::Support support) {
  switch (support) {
    case config::Support::full: return "";
    case config::Support::ignored: return "accepted, without effect";
    case config::Support::planned: return "without effect yet";
    case config::Support::refused: return "not supported yet";
  }
  return "";
}

json::Array role_names(const config::Variable& variable) {
  json::Array names;
  for (const auto role : {config::Role::orchestrator, config::Role::gateway, config::Role::worker}) {
    if (variable.roles.has(role)) names.emplace_back(config::role_name(role));
  }
  return names;
}

json::Object to_json(const config::Variable& variable, const Shown& shown) {
  json::Object object;
  object["name"] = variable.name;
  object["value"] = shown.value.empty() ? json::Value(nullptr) : json::Value(shown.value);
  object["source"] = shown.source;
  object["default"] = variable.default_value.empty() ? variable.derived_default : variable.default_value;
  object["allowed"] = config::describe_allowed(variable);
  object["meaning"] = variable.meaning;
  object["secret"] = variable.secret();
  object["required"] = variable.required;
  object["roles"] = role_names(variable);
  object["note"] = support_note(variable.support);
  return object;
}

void print(const config::Variable& variable, const Shown& shown, std::ostream& out) {
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

}  // namespace

int list_config(const config::Loaded& loaded, Format format, std::ostream& out) {
  json::Array all;
  for (const config::Variable& variable : config::variables()) {
    const auto shown = show(variable, loaded);
    if (format == Format::json) {
      all.push_back(to_json(variable, shown));
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
  CLI::App* const group = add_group(app, "config", "Show and check the configuration.");
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
  add_command(*group, "example", "The text of .env.example.", chosen, [] {
    std::cout << config::render_env_example();
    return exit_ok;
  });
}

}  // namespace butler::cli
