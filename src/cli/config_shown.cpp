#include "cli/config_shown.hpp"

namespace butler::cli {

namespace {

json::Array role_names(const config::Variable& variable) {
  json::Array names;
  for (const auto role : {config::Role::orchestrator, config::Role::gateway, config::Role::worker}) {
    if (variable.roles.has(role)) names.emplace_back(config::role_name(role));
  }
  return names;
}

}  // namespace

/// A secret is only told to be there. A text that is set wrongly may hold one.
ShownValue show_value(const config::Variable& variable, const config::Loaded& loaded) {
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

json::Object config_to_json(const config::Variable& variable, const ShownValue& shown) {
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

}  // namespace butler::cli
