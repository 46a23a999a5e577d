#include "doctor/settings_check.hpp"

#include <algorithm>
#include <string_view>

#include "config/local_secrets.hpp"
#include "config/providers.hpp"
#include "config/values.hpp"
#include "config/variables.hpp"
#include "doctor/checks.hpp"
#include "process/installation.hpp"

namespace butler::doctor {

namespace {

bool names_secret(const config::Problem& problem) {
  const auto* const variable = config::find_variable(problem.name);
  return variable != nullptr && variable->secret();
}

/// The file and the line of ".env:3"; a source without a line has line "".
struct SourcePlace {
  std::string file;
  std::string line;
};

SourcePlace place_of(const std::string& source) {
  const auto colon = source.rfind(':');
  const bool numbered = colon != std::string::npos && colon + 1 < source.size() &&
                        source.find_first_not_of("0123456789", colon + 1) == std::string::npos;
  if (!numbered) return {.file = source, .line = ""};
  return {.file = source.substr(0, colon), .line = source.substr(colon + 1)};
}

/// The place that a warning names: "PI_MODLE (/h/.env:11) is …"; else the file.
SourcePlace place_in(const std::string& warning, const std::string& env_file) {
  const auto open = warning.find(" (");
  const auto close = warning.find(')', open);
  if (open == std::string::npos || close == std::string::npos) return {.file = env_file, .line = ""};
  const auto place = place_of(warning.substr(open + 2, close - open - 2));
  return place.file == env_file ? place : SourcePlace{.file = env_file, .line = ""};
}

/// How a line of a file is opened for a change.
std::string edit_command(const SourcePlace& place) {
  return "${EDITOR:-vi} " + (place.line.empty() ? "" : "+" + place.line + " ") + shell_word(place.file);
}

constexpr const char* where_to_unset = "In whatever starts Butler, as a profile or a unit file.";

std::string mend_of_setting(const config::Problem& problem) {
  if (problem.source == config::environment_source) return "unset " + problem.name;
  if (problem.name.empty()) return edit_command(place_of(problem.source));
  const auto* const variable = config::find_variable(problem.name);
  if (problem.source.empty() && variable != nullptr && variable->required) return "butler setup";
  // Whatever value it had, it would be refused.
  const bool refused = variable != nullptr && variable->support == config::Support::refused;
  return (refused ? "butler config unset " : "butler config set ") + problem.name;
}

std::string allowed_words(const config::Problem& problem) {
  const auto* const variable = config::find_variable(problem.name);
  if (variable == nullptr) return "A line is NAME=value, and each name is set once.";
  if (problem.source.empty()) return problem.name + " is set.";
  if (variable->support == config::Support::refused) return problem.name + " is not set.";
  return problem.name + " is " + config::describe_allowed(*variable) + ": " + std::string{variable->meaning} +
         ".";
}

/// `butler up` makes an API secret that is not set; a bot's token is BotFather's to give.
Finding judge_secret(const config::Problem& problem, const std::string& secrets_file) {
  const auto* const variable = config::find_variable(problem.name);
  const bool token = variable != nullptr && variable->kind == config::Kind::bot_token;
  const auto mended_by = [&](const std::string& command, const char* remark) {
    return wrong(as_sentence(problem.text()), allowed_words(problem), command, remark);
  };
  if (problem.source == config::environment_source) return mended_by("unset " + problem.name, where_to_unset);
  if (variable != nullptr && variable->kind == config::Kind::database_url) {
    return mended_by("butler config unset " + problem.name,
                     "Without it the state is in SQLite, in the home.");
  }
  if (token) return mended_by("butler setup", "");
  // Made as a whole where it is not there; it holds nothing else.
  const std::string file = problem.source.empty() ? secrets_file : place_of(problem.source).file;
  return mended_by(
      file.ends_with("/secrets.env") ? "rm " + shell_word(file) : "butler config unset " + problem.name,
      "butler up makes good ones itself.");
}

}  // namespace

Findings judge_configuration(const ConfigurationFacts& facts) {
  Findings findings;
  for (const auto& problem : facts.problems) {
    // The permissions have a check of their own, too.
    if (names_secret(problem) || problem.message.starts_with("is not ours alone")) continue;
    findings.push_back(wrong(as_sentence(problem.text()), allowed_words(problem), mend_of_setting(problem),
                             problem.source == config::environment_source ? where_to_unset : ""));
  }
  for (const auto& warning : facts.warnings) {
    // The permissions have a check of their own.
    if (warning.contains("can be read by other users")) continue;
    findings.push_back(doubtful(as_sentence(warning), "Each name is a variable that has an effect.",
                                edit_command(place_in(warning, facts.env_file))));
  }
  if (!findings.empty()) return findings;
  return {all_well("Every setting of " + facts.env_file + " is right; the home is " + facts.home + ".")};
}

Findings judge_secrets(const SecretFacts& facts) {
  Findings findings;
  for (const auto& problem : facts.problems) {
    if (!names_secret(problem)) continue;
    findings.push_back(judge_secret(problem, facts.secrets_file));
  }
  for (const auto& key : facts.keys) {
    if (key.fault.empty()) continue;
    findings.push_back(wrong(key.name + " (" + key.source + "): " + key.fault + ".",
                             key.name + " is the key that the provider gave you.", "butler setup"));
  }
  if (!findings.empty()) return findings;
  return {all_well("The bot token and the API secrets are set, long enough and different.")};
}

Findings judge_users(const UserFacts& facts) {
  if (!facts.root) return {left_out("Butler runs as you; the system users are for one that root starts.")};
  Findings findings;
  const auto miss = [&](const char* name) {
    findings.push_back(wrong(std::string{"There is no system user "} + name + ".",
                             "The agent and the control plane run as users of their own, never as root.",
                             facts.users_command));
  };
  if (!facts.agent) miss("butler");
  if (!facts.control) miss("butler-control");
  if (!findings.empty()) return findings;
  return {all_well("The system users butler and butler-control are there.")};
}

boost::asio::awaitable<Findings> check_configuration(const Context& context) {
  co_return judge_configuration({.problems = context.problems,
                                 .warnings = context.loaded.warnings,
                                 .env_file = context.env_file(),
                                 .home = context.home().string()});
}

boost::asio::awaitable<Findings> check_secrets(const Context& context) {
  SecretFacts facts{.problems = context.problems,
                    .keys = {},
                    .secrets_file = config::secrets_file(context.loaded).string()};
  const auto& environment = context.loaded.environment;
  const auto chosen = environment.find("PI_PROVIDER");
  const auto* const provider =
      chosen == environment.end() ? nullptr : config::find_provider(chosen->second.value);
  for (const auto name : provider == nullptr ? std::span<const std::string_view>{} : provider->keys) {
    const auto key = environment.find(name);
    if (key == environment.end()) continue;
    facts.keys.push_back({.name = std::string{name},
                          .source = key->second.source,
                          .fault = config::find_secret_fault(key->second.value).value_or("")});
  }
  co_return judge_secrets(facts);
}

boost::asio::awaitable<Findings> check_users(const Context& context) {
  co_return judge_users({.root = context.root,
                         .control = context.control.has_value(),
                         .agent = context.agent.has_value(),
                         .users_command = process::users_command()});
}

}  // namespace butler::doctor
