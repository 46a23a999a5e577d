#include "gateway/keyboard_markup.hpp"

#include <map>
#include <ranges>
#include <utility>

#include "gateway/describe.hpp"

namespace butler::gateway {

namespace {

constexpr std::string_view markup_member = "reply_markup";

/// A button that only says something (Bot API 10.3).
json::Object still_button(std::string_view label) { return {{"text", label}, {"disabled", json::Object{}}}; }

std::optional<json::Object> as_telegram_button(const ButtonRow& row) {
  if (row.used && !row.used_label) return std::nullopt;
  if (row.used) return still_button(*row.used_label);
  json::Object button{{"text", row.button.label}, {"callback_data", row.token}};
  if (row.button.style != ButtonStyle::plain) button["style"] = domain::enum_name(row.button.style);
  return button;
}

json::Object markup_with(json::Array rows) { return {{"inline_keyboard", std::move(rows)}}; }

}  // namespace

json::Object keyboard_markup(const std::vector<ButtonRow>& buttons,
                             const std::optional<std::string>& outcome) {
  json::Array list;
  if (outcome) {
    json::Array row;
    if (!outcome->empty()) row.emplace_back(still_button(*outcome));
    if (!row.empty()) list.push_back(std::move(row));
    return markup_with(std::move(list));
  }
  std::map<std::int64_t, json::Array> rows;
  for (const ButtonRow& one : buttons) {
    if (auto button = as_telegram_button(one))
      rows[one.place / buttons_in_a_row].push_back(*std::move(button));
  }
  for (auto& row : rows | std::views::values) list.push_back(std::move(row));
  return markup_with(std::move(list));
}

std::optional<std::string> token_in(const json::Object& markup) {
  const auto* rows = markup.if_contains("inline_keyboard");
  if (rows == nullptr || !rows->is_array()) return std::nullopt;
  for (const auto& row : rows->get_array()) {
    if (!row.is_array()) continue;
    for (const auto& button : row.get_array()) {
      const auto data = json::find_string(button, "callback_data");
      if (!data.empty()) return std::string{data};
    }
  }
  return std::nullopt;
}

std::optional<json::Object> markup_of_payload(const std::string& payload) {
  // In a string of the payload the quotes would be escaped.
  if (!payload.contains("\"reply_markup\":")) return std::nullopt;
  const auto message = json::parse(payload);
  if (!message || !message->is_object()) return std::nullopt;
  const auto* markup = message->get_object().if_contains(markup_member);
  if (markup == nullptr || !markup->is_object()) return std::nullopt;
  return markup->get_object();
}

std::vector<std::string> with_markup(std::vector<std::string> payloads, const json::Object& markup) {
  for (std::string& payload : payloads | std::views::reverse) {
    auto message = json::parse(payload).value();
    if (!message.as_object().contains("text")) continue;
    message.as_object()[markup_member] = markup;
    payload = json::serialize(message);
    break;
  }
  return payloads;
}

}  // namespace butler::gateway
