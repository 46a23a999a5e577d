#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/value.hpp"

namespace butler::telegram {

/// Where a menu of commands is shown: in all private chats, all groups, or one chat; and to whom.
struct CommandScope {
  std::string type = "default";
  std::optional<std::int64_t> chat_id = {};
  std::string language_code =
      {};  ///< ISO 639-1: to people who speak it; "": to all who have no list of their own

  static CommandScope all_private_chats() { return {.type = "all_private_chats"}; }
  static CommandScope all_group_chats() { return {.type = "all_group_chats"}; }
  static CommandScope chat(std::int64_t chat_id) { return {.type = "chat", .chat_id = chat_id}; }

  /// The same place, to the people who speak this language.
  CommandScope in(std::string_view language_code) const;

  /// "all_private_chats", "chat:42", "chat:42@de": for notes and logs.
  std::string name() const;
  /// From such a name.
  static std::optional<CommandScope> read(std::string_view name);

  /// As the Bot API wants it; the language is a parameter of its own there.
  json::Object as_json() const;

  bool operator==(const CommandScope&) const = default;
};

}  // namespace butler::telegram
