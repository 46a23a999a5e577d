#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/button_records.hpp"
#include "json/value.hpp"

/// Telegram's `reply_markup` of our keyboards. Pure.
namespace butler::gateway {

constexpr std::int64_t buttons_in_a_row = 8;

/// The InlineKeyboardMarkup of a keyboard as it is now: its buttons without the used ones or, with an
/// outcome, that alone as a button without effect. No row when nothing is left.
json::Object keyboard_markup(const std::vector<ButtonRow>& buttons,
                             const std::optional<std::string>& outcome = {});

/// A token of a markup; nullopt when it holds none.
std::optional<std::string> token_in(const json::Object& markup);

/// The markup that a message payload carries.
std::optional<json::Object> markup_of_payload(const std::string& payload);

/// The payloads of a message with the keyboard under the last of its texts.
std::vector<std::string> with_markup(std::vector<std::string> payloads, const json::Object& markup);

}  // namespace butler::gateway
