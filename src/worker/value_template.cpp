#include "worker/value_template.hpp"

#include <algorithm>

namespace butler::worker {

namespace {

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/// The name that `rest`, behind a dollar, begins with, and how many characters it takes; none: a plain
/// dollar.
struct Reference {
  std::string name;
  std::size_t length = 0;
};

Reference find_reference(std::string_view rest) {
  const bool braces = rest.starts_with('{');
  const auto body = braces ? rest.substr(1) : rest;
  const auto* const end = std::ranges::find_if_not(body, is_name_character);
  const auto length = static_cast<std::size_t>(end - body.begin());
  if (length == 0 || (body.front() >= '0' && body.front() <= '9')) return {};
  if (braces && (length == body.size() || body[length] != '}')) return {};
  return {.name = std::string{body.substr(0, length)}, .length = length + (braces ? 2 : 0)};
}

}  // namespace

std::expected<std::string, std::string> resolve_value(std::string_view text, const VariableOf& variable) {
  if (text.starts_with('!')) {
    return std::unexpected(
        std::string{"it is a command, which would run in the agent's reach: put the value into a variable of "
                    ".env and write $NAME"});
  }
  std::string value;
  while (!text.empty()) {
    const auto dollar = std::min(text.find('$'), text.size());
    value.append(text.substr(0, dollar));
    text.remove_prefix(dollar);
    if (text.empty()) break;
    text.remove_prefix(1);
    if (text.starts_with('$') || text.starts_with('!')) {
      value.push_back(text.front());
      text.remove_prefix(1);
      continue;
    }
    const auto reference = find_reference(text);
    if (reference.name.empty()) {
      value.push_back('$');
      continue;
    }
    const std::string found = variable(reference.name);
    if (found.empty()) return std::unexpected("the variable " + reference.name + " is not set");
    value.append(found);
    text.remove_prefix(reference.length);
  }
  return value;
}

}  // namespace butler::worker
