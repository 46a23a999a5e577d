#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "console/job_search.hpp"
#include "domain/chat_command.hpp"

/// What a line in `butler chat` means. Pure.
namespace butler::console {

struct Leave {};

/// A command of the chat's that has its own place on the command line: which.
struct Elsewhere {
  std::string advice;
};

using ChatLine = std::variant<domain::ChatCommand, Leave, Elsewhere>;

/// nullopt for an empty line.
std::optional<ChatLine> read_chat_line(std::string_view line);

/// The commands, one a line.
std::string chat_help();

/// The call that an id names among those that were shown here; without one the only one. The error is a
/// sentence.
std::expected<WaitingCall, std::string> call_meant(std::span<const WaitingCall> shown,
                                                   std::string_view typed);

}  // namespace butler::console
