#include "terminal/display_width.hpp"

#include <utf8proc.h>

#include <algorithm>

#include "domain/code_point.hpp"
#include "domain/utf8.hpp"

namespace butler::terminal {

namespace {

constexpr char32_t emoji_selector = 0xFE0F;  ///< draws the character before it as an emoji
constexpr char32_t joiner = 0x200D;          ///< makes one picture of two
constexpr std::string_view ellipsis = "…";

bool is_flag_letter(char32_t c) { return c >= 0x1F1E6 && c <= 0x1F1FF; }
bool is_skin_tone(char32_t c) { return c >= 0x1F3FB && c <= 0x1F3FF; }

std::size_t width_of(char32_t c) {
  return static_cast<std::size_t>(std::max(0, utf8proc_charwidth(static_cast<utf8proc_int32_t>(c))));
}

/// Takes the first code point off valid UTF-8.
char32_t take_code_point(std::string_view& text) {
  const auto first = domain::code_point_at(text, 0);
  text.remove_prefix(first.length);
  return first.value;
}

/// Takes what belongs to an escape sequence (ECMA-48: CSI … final byte) after its ESC.
void skip_escape_sequence(std::string_view& text) {
  if (!text.starts_with('[')) return;
  const auto end = std::ranges::find_if(text.substr(1), [](char c) { return c >= 0x40 && c <= 0x7E; });
  const auto length = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(std::min(length + 1, text.size()));
}

/// Measures code point by code point: what a character adds depends on the one before it.
class Ruler {
 public:
  /// The width with this character, in the text from which it was taken.
  std::size_t add(char32_t c, std::string_view& rest) {
    if (c == 0x1B) {
      skip_escape_sequence(rest);
    } else if (c == emoji_selector) {
      width_ += previous_width_ == 1 ? 1 : 0;
      previous_width_ = 2;
    } else if (c == joiner) {
      joined_ = true;
    } else {
      add_visible(c);
    }
    return width_;
  }

 private:
  void add_visible(char32_t c) {
    const bool completes_flag = is_flag_letter(c) && flag_open_;
    const bool part_of_last = joined_ || (is_skin_tone(c) && previous_width_ == 2);
    joined_ = false;
    flag_open_ = is_flag_letter(c) && !flag_open_;
    const std::size_t width = is_flag_letter(c) ? 1 : width_of(c);
    if (part_of_last && !completes_flag) return;
    width_ += width;
    if (width > 0) previous_width_ = width;
  }

  std::size_t width_ = 0;
  std::size_t previous_width_ = 0;
  bool joined_ = false;
  bool flag_open_ = false;
};

}  // namespace

std::size_t display_width(std::string_view text) {
  const std::string valid = domain::to_valid_utf8(text);
  Ruler ruler;
  std::size_t width = 0;
  for (std::string_view rest = valid; !rest.empty();) {
    const char32_t c = take_code_point(rest);
    width = ruler.add(c, rest);
  }
  return width;
}

std::string fit_to_width(std::string_view text, std::size_t columns) {
  const std::string valid = domain::to_valid_utf8(text);
  Ruler ruler;
  std::size_t fits = 0;  // bytes that leave a column for the ellipsis
  for (std::string_view rest = valid; !rest.empty();) {
    const char32_t c = take_code_point(rest);
    const std::size_t width = ruler.add(c, rest);
    if (width > columns) return valid.substr(0, fits) + std::string{ellipsis};
    if (width < columns) fits = valid.size() - rest.size();
  }
  return valid;
}

std::string pad_to_width(std::string text, std::size_t columns) {
  const std::size_t width = display_width(text);
  if (width < columns) text.append(columns - width, ' ');
  return text;
}

std::string printable_line(std::string_view text) {
  const std::string valid = domain::to_valid_utf8(text);
  std::string line;
  for (std::string_view rest = valid; !rest.empty();) {
    const std::string_view before = rest;
    const char32_t c = take_code_point(rest);
    if (c == '\t' || c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029) {
      line.push_back(' ');
    } else if (domain::is_control(c)) {
      line += "\uFFFD";
    } else if (!domain::turns_direction(c)) {
      line += before.substr(0, before.size() - rest.size());
    }
  }
  return line;
}

}  // namespace butler::terminal
