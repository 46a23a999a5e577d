#include "telegram/command_scope.hpp"

#include <charconv>

namespace butler::telegram {

CommandScope CommandScope::in(std::string_view code) const {
  CommandScope scope = *this;
  scope.language_code = code;
  return scope;
}

std::string CommandScope::name() const {
  std::string name = type;
  if (chat_id) name += ":" + std::to_string(*chat_id);
  if (!language_code.empty()) name += "@" + language_code;
  return name;
}

std::optional<CommandScope> CommandScope::read(std::string_view name) {
  if (const auto at = name.find('@'); at != std::string_view::npos) {
    auto scope = read(name.substr(0, at));
    if (scope) scope->language_code = name.substr(at + 1);
    return scope;
  }
  const auto colon = name.find(':');
  CommandScope scope{.type = std::string{name.substr(0, colon)}};
  if (scope.type.empty()) return std::nullopt;
  if (colon == std::string_view::npos) return scope;
  const std::string_view number = name.substr(colon + 1);
  std::int64_t chat_id = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), chat_id);
  if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
  scope.chat_id = chat_id;
  return scope;
}

json::Object CommandScope::as_json() const {
  json::Object object{{"type", type}};
  if (chat_id) object["chat_id"] = *chat_id;
  return object;
}

}  // namespace butler::telegram
