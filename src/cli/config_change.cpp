#include "cli/config_change.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <ostream>

#include "cli/config_shown.hpp"
#include "cli/exit_code.hpp"
#include "cli/given_secret.hpp"
#include "cli/home.hpp"
#include "cli/local_secrets.hpp"
#include "cli/running_roles.hpp"
#include "config/env_edit.hpp"
#include "config/providers.hpp"
#include "config/secret_name.hpp"
#include "config/trim.hpp"
#include "config/values.hpp"
#include "json/value.hpp"
#include "terminal/screen.hpp"
#include "terminal/terminal_prompter.hpp"

namespace butler::cli {

namespace {

/// A provider's own variable: of a built-in one, or of the one in models.json.
bool belongs_to_provider(const config::Loaded& loaded, const std::string& name) {
  const auto holds = [&name](const config::Provider& provider) {
    return std::ranges::find(provider.keys, name) != provider.keys.end() ||
           std::ranges::find(provider.extras, name) != provider.extras.end();
  };
  return std::ranges::any_of(config::providers(), holds) ||
         std::ranges::find(loaded.place.provider_variables, name) != loaded.place.provider_variables.end();
}

std::string explain_unknown(const std::string& name) {
  const config::Environment as_in_a_file{{name, {.value = "x", .source = "the command line"}}};
  const auto sentences = config::unknown_names(as_in_a_file);
  return sentences.empty()
             ? name + " is no variable of Butler's, nor of a model provider; see butler config list"
             : sentences.front();
}

/// What is wrong with the configuration as it would be.
config::Problems problems_with(config::Loaded loaded, const std::string& name,
                               const std::optional<std::string>& value) {
  if (value) {
    loaded.environment.insert_or_assign(name, config::Entry{.value = *value, .source = "the new value"});
  } else {
    loaded.environment.erase(name);
  }
  return config::find_problems(with_trial_secrets(std::move(loaded)));
}

int refuse_change(int code, const std::string& text) {
  std::cerr << "butler config: " << text << '\n';
  return code;
}

std::expected<std::string, std::string> ask_for_value(const config::Loaded& loaded, const std::string& name) {
  if (!terminal::is_interactive(STDIN_FILENO, STDERR_FILENO)) return read_secret_from_input();
  terminal::TerminalPrompter prompter{STDIN_FILENO, STDERR_FILENO};
  const bool secret = config::is_secret_name(name, loaded.place);
  auto typed = secret ? prompter.ask_hidden(name + " (it is not shown):") : prompter.ask(name + ":");
  if (!typed) return std::unexpected("nothing was changed");
  return *typed;
}

/// The value that is to be written; the error is a sentence.
std::expected<std::string, std::string> value_to_write(const config::Loaded& loaded,
                                                       const ConfigChange& change) {
  if (!change.value) {
    return change.file.empty() ? ask_for_value(loaded, change.name) : read_secret_file(change.file);
  }
  if (config::is_secret_name(change.name, loaded.place)) {
    return std::unexpected(
        change.name +
        " is a secret, and every user of this machine can read command lines: leave the value "
        "out, and it is asked for; or give --file FILE");
  }
  return *change.value;
}

/// The roles that run with the old value.
std::vector<std::string> roles_to_restart(const config::Loaded& loaded, const std::string& name) {
  auto running = running_roles(loaded.place.home);
  const auto* const variable = config::find_variable(name);
  std::erase_if(running, [&](const std::string& role) {
    if (variable == nullptr) return role != config::role_name(config::Role::worker);
    for (const auto one : {config::Role::orchestrator, config::Role::gateway, config::Role::worker}) {
      if (config::role_name(one) == role) return !variable->roles.has(one);
    }
    return true;
  });
  return running;
}

std::string with_commas_between(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

bool is_overridden(const config::Loaded& loaded, const std::string& name) {
  const auto entry = loaded.environment.find(name);
  return entry != loaded.environment.end() && entry->second.source == config::environment_source;
}

void report_change(const config::Loaded& loaded, const ConfigChange& change,
                   const std::filesystem::path& env_file, std::ostream& out) {
  const auto restart = roles_to_restart(loaded, change.name);
  const bool overridden = is_overridden(loaded, change.name);
  if (change.json) {
    json::Array roles;
    for (const auto& role : restart) roles.emplace_back(role);
    out << json::serialize(json::Object{{"name", change.name},
                                        {"envFile", env_file.string()},
                                        {"removed", change.remove},
                                        {"restartNeeded", !restart.empty()},
                                        {"restart", std::move(roles)},
                                        {"overridden", overridden}})
        << '\n';
    return;
  }
  out << change.name << (change.remove ? " is no longer in " : " is set in ") << env_file.string() << ".\n";
  if (overridden)
    out << "It has no effect: the environment sets " << change.name << ", and goes before the file.\n";
  if (restart.empty()) {
    out << "It takes effect at the next start.\n";
  } else {
    out << "Restart Butler: " << with_commas_between(restart) << (restart.size() == 1 ? " runs" : " run")
        << " with the old value.\n";
  }
}

/// What may not be changed at all; nullopt when it may.
std::optional<std::string> find_name_fault(const config::Loaded& loaded, const std::string& name) {
  if (name == "BUTLER_ENV_FILE") return name + " says where .env is, so it is read from the environment only";
  if (config::find_variable(name) == nullptr && !belongs_to_provider(loaded, name))
    return explain_unknown(name);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_change_fault(const config::Loaded& loaded, const std::string& name,
                                             const std::optional<std::string>& value) {
  const auto* const variable = config::find_variable(name);
  if (value && value->empty()) return name + ": it is empty; butler config unset " + name + " takes it out";
  if (value && variable != nullptr) {
    if (variable->support == config::Support::refused) return name + " is not supported yet";
    if (const auto fault = config::find_fault(*variable, *value)) return name + ": " + *fault;
  }
  const auto before = config::find_problems(with_trial_secrets(loaded));
  for (const auto& problem : problems_with(loaded, name, value)) {
    // What a variable lacked before is not this change's fault, nor is that a required one goes: setup asks
    // for it.
    const bool known = std::ranges::any_of(before, [&](const config::Problem& one) {
      return one.name == problem.name && one.message == problem.message;
    });
    if (!known && value) return problem.text();
  }
  return std::nullopt;
}

int get_config(const config::Loaded& loaded, const std::string& name, Format format, std::ostream& out) {
  if (const auto fault = find_name_fault(loaded, name); fault && name != "BUTLER_ENV_FILE")
    return refuse_change(exit_usage, *fault);
  const auto* const known = config::find_variable(name);
  const config::Variable of_provider{
      .name = name,
      .kind = config::is_secret_name(name, loaded.place) ? config::Kind::secret : config::Kind::text,
      .roles = {.worker = true},
      .meaning = "of a model provider"};
  const config::Variable& variable = known == nullptr ? of_provider : *known;
  const auto shown = show_value(variable, loaded);
  if (format == Format::json) {
    out << json::serialize(config_to_json(variable, shown)) << '\n';
  } else if (!shown.value.empty()) {
    out << shown.value << '\n';
  } else {
    std::cerr << name << " is not set";
    if (!variable.derived_default.empty()) std::cerr << "; what is in effect: " << variable.derived_default;
    std::cerr << '\n';
  }
  return shown.value.empty() ? exit_failure : exit_ok;
}

int change_config(const config::Start& start, const config::Loaded& loaded, const ConfigChange& change,
                  std::ostream& out) {
  const auto env_file = config::env_file_path(start);
  if (env_file.empty())
    return refuse_change(exit_usage, "BUTLER_ENV_FILE is empty, so there is no file to write to");
  if (const auto fault = find_name_fault(loaded, change.name)) return refuse_change(exit_usage, *fault);
  config::EnvChange edit{.name = change.name};
  if (!change.remove) {
    auto value = value_to_write(loaded, change);
    if (!value) return refuse_change(exit_usage, value.error());
    edit.value = std::move(*value);
  }
  if (const auto fault = find_change_fault(loaded, change.name, edit.value))
    return refuse_change(exit_config, *fault + ". Nothing was written.");
  make_files_private();
  if (env_file.parent_path() == loaded.place.home) prepare_home(loaded.place.home);
  if (const auto written = config::edit_env_file(env_file, {edit}); !written)
    return refuse_change(exit_failure, written.error());
  report_change(loaded, change, env_file, out);
  return exit_ok;
}

}  // namespace butler::cli
