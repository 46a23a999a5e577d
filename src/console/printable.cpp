#include "console/printable.hpp"

#include <cstdint>

#include "domain/utf8.hpp"

namespace butler::console {

namespace {

struct Character {
  char32_t code = 0;
  std::string_view bytes;
};

Character first_character(std::string_view valid) {
  const std::string_view bytes = domain::prefix_code_points(valid, 1);
  const auto lead = static_cast<unsigned char>(bytes[0]);
  char32_t code = bytes.size() == 1 ? lead : lead & (0x7FU >> bytes.size());
  for (const char next : bytes.substr(1)) code = code << 6U | (static_cast<unsigned char>(next) & 0x3FU);
  return {.code = code, .bytes = bytes};
}

/// Controls of ASCII and of ISO 6429 (C1: U+009B begins a sequence as ESC [ does), what turns text round, and
/// tags, which show as nothing.
bool steers(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x61C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || (c >= 0xE0000 && c <= 0xE0FFF);
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
    const Character next = first_character(rest);
    const bool kept = next.code == '\n' || next.code == '\t' || !steers(next.code);
    out += kept ? std::string{next.bytes} : shown(next.code);
    rest.remove_prefix(next.bytes.size());
  }
  return out;
}

std::string printable_json(const json::Value& value) {
  const std::string text = json::serialize(value);
  std::string_view rest = text;
  std::string out;
  out.reserve(text.size());
  while (!rest.empty()) {
    const Character next = first_character(rest);
    out += steers(next.code) ? escaped(next.code) : std::string{next.bytes};
    rest.remove_prefix(next.bytes.size());
  }
  return out;
}

}  // namespace butler::console
