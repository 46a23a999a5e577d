#include "telegram/command_scope.hpp"

#include <charconv>

namespace butler::telegram {

std::string CommandScope::name() const { return chat_id ? type + ":" + std::to_string(*chat_id) : type; }

std::optional<CommandScope> CommandScope::read(std::string_view name) {
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
