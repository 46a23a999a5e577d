#include "render/clean.hpp"

#include <cstddef>

#include "domain/utf8.hpp"
#include "render/unicode.hpp"

namespace butler::render {

namespace {

constexpr std::size_t tab_width = 4;

bool is_dropped(char32_t value) {
  return (value >= 0x2028 && value <= 0x202E) || (value >= 0x2066 && value <= 0x2069) ||
         (value >= 0xFDD0 && value <= 0xFDEF);
}

}  // namespace

std::string clean(std::string_view bytes) {
  const std::string valid = domain::to_valid_utf8(bytes);
  std::string text;
  text.reserve(valid.size());
  for (std::size_t at = 0; at < valid.size();) {
    const CodePoint point = code_point_at(valid, at);
    const bool before_newline = at + 1 < valid.size() && valid[at + 1] == '\n';
    if (point.value == '\r') {
      if (!before_newline) text.push_back('\n');
    } else if ((point.value < 0x20 && point.value != '\n' && point.value != '\t') || point.value == 0x7F) {
      text.push_back(' ');
    } else if (!is_dropped(point.value)) {
      text.append(valid, at, point.length);
    }
    at += point.length;
  }
  return text;
}

std::string expand_tabs(std::string_view text) {
  std::string expanded;
  expanded.reserve(text.size());
  std::size_t column = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    if (point.value == '\t') {
      const std::size_t spaces = tab_width - column % tab_width;
      expanded.append(spaces, ' ');
      column += spaces;
    } else {
      expanded.append(text, at, point.length);
      column = point.value == '\n' ? 0 : column + 1;
    }
    at += point.length;
  }
  return expanded;
}

}  // namespace butler::render
