#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/permissions.hpp"
#include "gateway/language.hpp"
#include "telegram/bot_api.hpp"

/// What Butler says about itself: its commands, to each role those that the role may use. Plain text. Pure.
namespace butler::gateway::wording {

/// Answers /start of somebody we know.
std::string welcome(Language language, std::string_view first_name, domain::Role role);

std::string help(Language language, domain::Role role, const domain::PermissionRules& rules);

/// The help, after the nearest command if that is one for this role.
std::string unknown_command(Language language, std::string_view name,
                            const std::optional<std::string>& nearest, domain::Role role,
                            const domain::PermissionRules& rules);

/// "You are an owner."
std::string role_words(Language language, domain::Role role);

/// Answers /whoami.
std::string who_you_are(Language language, std::int64_t person_id, domain::Role role,
                        std::string_view session_key);

/// The commands as Telegram's menu shows them in a private chat, and to everybody in a group.
std::vector<telegram::BotCommand> private_menu(Language language, domain::Role role,
                                               const domain::PermissionRules& rules);
std::vector<telegram::BotCommand> group_menu(Language language);

}  // namespace butler::gateway::wording
