#pragma once

#include <expected>
#include <string_view>

#include "domain/chat_command.hpp"
#include "telegram/bot_api.hpp"
#include "telegram/update.hpp"

/// Whether a message speaks to the bot, and what it says then. Pure.
namespace butler::gateway {

/// What the message says to us, or why it does not speak to us. In a private chat everything does. In a group
/// only commands, mentions of the bot and replies to its messages do; the mention is no part of what is said.
/// A command to another bot is never ours. Of a media message its caption is read, as the address only.
std::expected<domain::ChatText, std::string_view> understand(const telegram::Message& message,
                                                             const telegram::Bot& bot);

}  // namespace butler::gateway
