#include "config/example.hpp"

#include <algorithm>

#include "config/providers.hpp"
#include "config/variables.hpp"

namespace butler::config {

namespace {

constexpr std::string_view opening =
    "# Butler's configuration: copy it to .env (chmod 600) and fill in the first lines. `butler config list` "
    "shows\n"
    "# what is in effect, `butler config check` what is wrong. The environment goes before this file.\n";

std::string capitalised(std::string_view sentence) {
  std::string text{sentence};
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z')
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text;
}

bool is_first(const Variable& variable) {
  return (variable.required && variable.roles.gateway && !variable.roles.orchestrator) ||
         variable.name == "PI_PROVIDER" || variable.name == "PI_MODEL";
}

/// Whether the sentence leaves open what may be written.
bool needs_allowed(Kind kind) {
  return kind == Kind::whole || kind == Kind::flag || kind == Kind::choice || kind == Kind::url ||
         kind == Kind::urls;
}

void append(std::string& text, const Variable& variable) {
  text += "\n# " + capitalised(variable.meaning);
  if (needs_allowed(variable.kind)) text += " (" + describe_allowed(variable) + ")";
  text += ".";
  if (!variable.derived_default.empty()) text += " Default: " + std::string{variable.derived_default} + ".";
  text += "\n";
  if (!is_first(variable) || !variable.required) text += "#";
  text += std::string{variable.name} + "=" + std::string{variable.default_value} + "\n";
}

}  // namespace

std::string render_env_example() {
  std::string text{opening};
  for (const Variable& variable : variables()) {
    if (is_first(variable)) append(text, variable);
  }
  text += "\n# The key of PI_PROVIDER, in the variable that belongs to it:\n";
  for (const Provider& provider : providers().first(6)) {
    text += "#" + std::string{provider.keys.front()} + "=\n";
  }
  text += "\n# ---- Everything below has a default that will do. ----\n";
  for (const Variable& variable : variables()) {
    if (!is_first(variable) && variable.support == Support::full && variable.name != "BUTLER_ENV_FILE") {
      append(text, variable);
    }
  }
  return text;
}

}  // namespace butler::config
