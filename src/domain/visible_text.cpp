#include "domain/visible_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "domain/utf8.hpp"

namespace butler::domain {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// What shows as nothing, as a plain space, or changes how its neighbours show.
constexpr std::array hidden{
    Range{0x00, 0x09},       Range{0x0B, 0x1F},       Range{0x7F, 0xA0},       Range{0xAD, 0xAD},
    Range{0x34F, 0x34F},     Range{0x61C, 0x61C},     Range{0x115F, 0x1160},   Range{0x1680, 0x1680},
    Range{0x17B4, 0x17B5},   Range{0x180B, 0x180F},   Range{0x2000, 0x200F},   Range{0x2028, 0x202F},
    Range{0x205F, 0x206F},   Range{0x2800, 0x2800},   Range{0x3000, 0x3000},   Range{0x3164, 0x3164},
    Range{0xFE00, 0xFE0F},   Range{0xFEFF, 0xFEFF},   Range{0xFFA0, 0xFFA0},   Range{0xFFF0, 0xFFFC},
    Range{0x1BCA0, 0x1BCA3}, Range{0x1D173, 0x1D17A}, Range{0xE0000, 0xE0FFF},
};

constexpr std::array lookalikes{
    Range{0x370, 0x58F},      // Greek, Cyrillic, Armenian
    Range{0x1D00, 0x1DBF},    // phonetic
    Range{0x1F00, 0x1FFF},    // Greek extended
    Range{0x2100, 0x214F},    // letterlike
    Range{0xFF01, 0xFF5E},    // full-width
    Range{0x1D400, 0x1D7FF},  // mathematical
};

template <std::size_t count>
bool in(const std::array<Range, count>& ranges, char32_t c) {
  return std::ranges::any_of(ranges, [c](Range range) { return c >= range.first && c <= range.last; });
}

/// Calls back for each character with its code point and its bytes. The text is valid UTF-8.
template <class Callback>
void for_each_character(std::string_view text, const Callback& callback) {
  while (!text.empty()) {
    const std::string_view bytes = prefix_code_points(text, 1);
    const auto lead = static_cast<unsigned char>(bytes[0]);
    char32_t c = bytes.size() == 1 ? lead : lead & (0x7FU >> bytes.size());
    for (const char next : bytes.substr(1)) c = c << 6U | (static_cast<unsigned char>(next) & 0x3FU);
    callback(c, bytes);
    text.remove_prefix(bytes.size());
  }
}

std::string code_of(char32_t c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string code = "⟨U+";
  const int length = c > 0xF'FFFF ? 6 : c > 0xFFFF ? 5 : 4;
  for (int shift = (length - 1) * 4; shift >= 0; shift -= 4) {
    code += digits[(static_cast<std::uint32_t>(c) >> static_cast<unsigned>(shift)) & 0xFU];
  }
  return code + "⟩";
}

std::string with_lookalikes_named(std::string_view word) {
  const std::string valid = to_valid_utf8(word);
  std::string visible;
  for_each_character(valid, [&](char32_t c, std::string_view bytes) {
    if (!in(hidden, c)) visible += bytes;
    if (in(hidden, c) || in(lookalikes, c)) visible += code_of(c);
  });
  return visible;
}

}  // namespace

std::string make_visible(std::string_view text) {
  const std::string valid = to_valid_utf8(text);
  std::string visible;
  for_each_character(valid, [&](char32_t c, std::string_view bytes) {
    visible += in(hidden, c) ? code_of(c) : std::string{bytes};
  });
  return visible;
}

std::string make_all_visible(std::string_view text) {
  constexpr std::string_view between_words = " \n\t\r";
  std::string visible;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find_first_of(between_words));
    visible += mixes_lookalikes(word) ? with_lookalikes_named(word) : make_visible(word);
    text.remove_prefix(word.size());
    const std::string_view gap = text.substr(0, text.find_first_not_of(between_words));
    visible += make_visible(gap);
    text.remove_prefix(gap.size());
  }
  return visible;
}

bool mixes_lookalikes(std::string_view text) {
  const std::string valid = to_valid_utf8(text);
  bool latin = false;
  bool foreign = false;
  for_each_character(valid, [&](char32_t c, std::string_view) {
    latin = latin || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    foreign = foreign || in(lookalikes, c);
  });
  return latin && foreign;
}

}  // namespace butler::domain
