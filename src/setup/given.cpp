#include "setup/given.hpp"

#include <algorithm>

#include "config/providers.hpp"

namespace butler::setup {

namespace {

bool is_set(const config::Environment& environment, std::string_view name) {
  return !value_in(environment, name).empty();
}

/// The value if it came from the process's environment.
std::optional<std::string> from_process(const config::Environment& environment, std::string_view name) {
  const auto entry = environment.find(name);
  if (entry == environment.end() || entry->second.value.empty()) return std::nullopt;
  if (entry->second.source != config::environment_source) return std::nullopt;
  return entry->second.value;
}

void fill(std::optional<std::string>& answer, std::optional<std::string> otherwise) {
  if (!answer) answer = std::move(otherwise);
}

bool is_given(Step step, const Given& given) {
  switch (step) {
    case Step::bot: return given.bot_token.has_value();
    case Step::owner: return given.owner_ids.has_value();
    case Step::model: return given.provider || given.model || given.provider_key;
    case Step::sandbox:
    case Step::secrets:
    case Step::doctor: return false;
  }
  return false;
}

/// Whether the provider has a key: given, or in the configuration. True for one that is not built in: what it
/// needs stands in models.json.
bool has_key(const Given& given, const std::string& provider, const config::Environment& environment) {
  const auto* const known = config::find_provider(provider);
  return given.provider_key || known == nullptr ||
         std::ranges::any_of(known->keys, [&](std::string_view name) { return is_set(environment, name); });
}

}  // namespace

std::string_view step_name(Step step) {
  switch (step) {
    case Step::bot: return "bot";
    case Step::owner: return "owner";
    case Step::model: return "model";
    case Step::sandbox: return "sandbox";
    case Step::secrets: return "secrets";
    case Step::doctor: return "doctor";
  }
  return "?";
}

Given with_environment(Given given, const config::Environment& environment) {
  fill(given.bot_token, from_process(environment, "TELEGRAM_BOT_TOKEN"));
  fill(given.owner_ids, from_process(environment, "TG_OWNER_IDS"));
  fill(given.provider, from_process(environment, "PI_PROVIDER"));
  if (from_process(environment, "PI_EXEC_MODE") == "mock") fill(given.provider, "none");
  fill(given.model, from_process(environment, "PI_MODEL"));
  const auto* const provider =
      config::find_provider(given.provider.value_or(value_in(environment, "PI_PROVIDER")));
  if (provider == nullptr) return given;
  for (const auto name : provider->keys) {
    if (given.provider_key) break;
    given.provider_key = from_process(environment, name);
    if (given.provider_key) given.key_variable = name;
  }
  return given;
}

std::string value_in(const config::Environment& environment, std::string_view name) {
  const auto entry = environment.find(name);
  return entry == environment.end() ? "" : entry->second.value;
}

bool is_configured(Step step, const config::Environment& environment) {
  switch (step) {
    case Step::bot: return is_set(environment, "TELEGRAM_BOT_TOKEN");
    case Step::owner: return is_set(environment, "TG_OWNER_IDS");
    case Step::model:
      return is_set(environment, "PI_PROVIDER") || value_in(environment, "PI_EXEC_MODE") == "mock";
    case Step::sandbox:
    case Step::secrets:
    case Step::doctor: return false;
  }
  return false;
}

bool is_due(Step step, Intent intent, const Given& given, const config::Environment& environment) {
  return intent == Intent::start_over || is_given(step, given) || !is_configured(step, environment);
}

std::vector<MissingAnswer> missing_answers(const Given& given, const config::Environment& environment) {
  const bool anew = given.intent == Intent::start_over;
  const auto lacks = [&](Step step) {
    return !is_given(step, given) && (anew || !is_configured(step, environment));
  };
  std::vector<MissingAnswer> missing;
  if (lacks(Step::bot)) {
    missing.push_back(
        {"the bot's token", "--bot-token-file FILE, --bot-token-stdin, or the variable TELEGRAM_BOT_TOKEN"});
  }
  if (lacks(Step::owner))
    missing.push_back({"the owner's numeric id", "--owner-ids ID[,ID…], or the variable TG_OWNER_IDS"});
  const std::string provider =
      given.provider.value_or(anew ? std::string{} : value_in(environment, "PI_PROVIDER"));
  if (provider.empty() && (anew || !is_configured(Step::model, environment))) {
    missing.push_back({"the model provider",
                       "--provider NAME (none for a mock that only answers), or the variable PI_PROVIDER"});
  } else if (!provider.empty() && provider != "none" && !has_key(given, provider, environment)) {
    const std::string name{config::find_provider(provider)->keys.front()};
    missing.push_back({"the key of " + provider, "--key-file FILE, --key-stdin, or the variable " + name});
  }
  return missing;
}

}  // namespace butler::setup
