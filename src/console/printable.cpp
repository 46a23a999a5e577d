#include "console/printable.hpp"

#include <cstdint>

#include "domain/code_point.hpp"
#include "domain/utf8.hpp"

namespace butler::console {

namespace {

/// What a terminal acts on, what turns text round, and tags, which show as nothing.
bool steers(char32_t c) {
  return domain::is_control(c) || domain::turns_direction(c) || c == 0x2028 || c == 0x2029 ||
         (c >= 0xE0000 && c <= 0xE0FFF);
}

std::string hex(char32_t c, std::string_view digits) {
  std::string text;
  const int length = c > 0xFFFF ? 5 : 4;
  for (int shift = (length - 1) * 4; shift >= 0; shift -= 4) {
    text += digits[(static_cast<std::uint32_t>(c) >> static_cast<unsigned>(shift)) & 0xFU];
  }
  return text;
}

std::string shown(char32_t c) { return "⟨U+" + hex(c, "0123456789ABCDEF") + "⟩"; }

/// Characters outside of the first plane are two escapes in JSON.
std::string escaped(char32_t c) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (c <= 0xFFFF) return "\\u" + hex(c, digits);
  const auto offset = static_cast<std::uint32_t>(c) - 0x10000U;
  return "\\u" + hex(0xD800U + (offset >> 10U), digits) + "\\u" + hex(0xDC00U + (offset & 0x3FFU), digits);
}

}  // namespace

std::string printable(std::string_view text) {
  const std::string valid = domain::to_valid_utf8(text);
  std::string_view rest = valid;
  std::string out;
  out.reserve(valid.size());
  while (!rest.empty()) {
    if (rest.starts_with("\r\n")) rest.remove_prefix(1);
    const auto next = domain::code_point_at(rest, 0);
    const bool kept = next.value == '\n' || next.value == '\t' || !steers(next.value);
    out += kept ? std::string{rest.substr(0, next.length)} : shown(next.value);
    rest.remove_prefix(next.length);
  }
  return out;
}

std::string printable_json(const json::Value& value) {
  const std::string text = json::serialize(value);
  std::string_view rest = text;
  std::string out;
  out.reserve(text.size());
  while (!rest.empty()) {
    const auto next = domain::code_point_at(rest, 0);
    out += steers(next.value) ? escaped(next.value) : std::string{rest.substr(0, next.length)};
    rest.remove_prefix(next.length);
  }
  return out;
}

}  // namespace butler::console
