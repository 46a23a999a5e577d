#include "render/unicode.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>

namespace butler::render {

namespace {

constexpr char32_t emoji_presentation = 0xFE0F;

utf8proc_int32_t raw(char32_t value) { return static_cast<utf8proc_int32_t>(value); }

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80U; }

/// Shows nothing although its category is not one of spaces and format characters.
bool is_invisible_letter(char32_t value) {
  constexpr std::array<char32_t, 10> values{0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5,
                                            0x180E, 0x2800, 0x3164, 0xFE0F, 0xFFA0};
  return std::ranges::find(values, value) != values.end();
}

}  // namespace

CodePoint code_point_before(std::string_view text, std::size_t at) {
  if (at == 0) return {};
  std::size_t begin = at - 1;
  while (begin > 0 && is_continuation(text[begin])) --begin;
  return code_point_at(text, begin);
}

void append_code_point(std::string& text, char32_t value) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto length = utf8proc_encode_char(raw(value), bytes.data());
  for (utf8proc_ssize_t i = 0; i < length; ++i)
    text.push_back(static_cast<char>(bytes[static_cast<std::size_t>(i)]));
}

bool is_punctuation(char32_t value) {
  if (value < 0x80) {
    const bool graphic = value > 0x20 && value < 0x7F;
    return graphic && !is_ascii_alphanumeric(static_cast<char>(value));
  }
  const auto category = utf8proc_category(raw(value));
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

bool is_opening_punctuation(char32_t value) {
  const auto category = utf8proc_category(raw(value));
  return category == UTF8PROC_CATEGORY_PS || category == UTF8PROC_CATEGORY_PI;
}

bool is_space(char32_t value) {
  return value == '\n' || value == '\t' || utf8proc_category(raw(value)) == UTF8PROC_CATEGORY_ZS;
}

bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }

bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_ascii_alphanumeric(char c) { return is_ascii_digit(c) || is_ascii_letter(c); }

std::size_t grapheme_length(std::string_view text, std::size_t at, std::size_t most) {
  const bool alone = at + 1 >= text.size() || is_ascii(text[at + 1]);
  if (is_ascii(text[at]) && alone) return 1;

  utf8proc_int32_t state = 0;
  CodePoint last = code_point_at(text, at);
  std::size_t end = at + last.length;
  while (end < text.size() && end - at <= most) {
    const CodePoint next = code_point_at(text, end);
    if (utf8proc_grapheme_break_stateful(raw(last.value), raw(next.value), &state)) break;
    end += next.length;
    last = next;
  }
  return end - at;
}

std::size_t display_width(std::string_view line) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = at + grapheme_length(line, at, line.size());
    int columns = 0;
    while (at < end) {
      const CodePoint point = code_point_at(line, at);
      columns =
          std::max(columns, point.value == emoji_presentation ? 2 : utf8proc_charwidth(raw(point.value)));
      at += point.length;
    }
    width += static_cast<std::size_t>(columns);
  }
  return width;
}

bool is_blank(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    const auto category = utf8proc_category(raw(point.value));
    const bool hidden = category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF ||
                        category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
                        category == UTF8PROC_CATEGORY_ZP;
    if (!hidden && !is_invisible_letter(point.value)) return false;
    at += point.length;
  }
  return true;
}

std::string to_ascii_lower(std::string_view text) {
  std::string lower{text};
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace butler::render
