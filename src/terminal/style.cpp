#include "terminal/style.hpp"

#include <unistd.h>

#include <cstdlib>

namespace butler::terminal {

namespace {

std::string_view environment_value(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

/// The parameter of ECMA-48's "select graphic rendition".
std::string_view rendition(Style style) {
  switch (style) {
    case Style::plain: return "";
    case Style::bold: return "1";
    case Style::dim: return "2";
    case Style::red: return "31";
    case Style::green: return "32";
    case Style::yellow: return "33";
    case Style::cyan: return "36";
  }
  return "";
}

}  // namespace

bool wants_colours(bool is_terminal, std::string_view no_colour, std::string_view terminal) {
  return is_terminal && no_colour.empty() && !terminal.empty() && terminal != "dumb";
}

Palette Palette::of(int fd) {
  return Palette{wants_colours(::isatty(fd) == 1, environment_value("NO_COLOR"), environment_value("TERM"))};
}

std::string Palette::paint(std::string_view text, Style style) const {
  if (!colours_ || style == Style::plain || text.empty()) return std::string{text};
  return "\x1b[" + std::string{rendition(style)} + "m" + std::string{text} + "\x1b[0m";
}

}  // namespace butler::terminal
