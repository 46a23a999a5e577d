#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace butler::terminal {

enum class Style : std::uint8_t { plain, bold, dim, red, green, yellow, cyan };

/// Whether colours may be written: to a terminal that has them, and never against the person's wish. Pure.
/// @param no_colour  the value of $NO_COLOR (no-color.org: anything but "" means no)
/// @param terminal   the value of $TERM
bool wants_colours(bool is_terminal, std::string_view no_colour, std::string_view terminal);

/// Paints text, or leaves it as it is.
class Palette {
 public:
  /// Without colours.
  Palette() = default;
  explicit Palette(bool colours) : colours_(colours) {}
  /// Of this process, for what is written to the descriptor.
  static Palette of(int fd);

  /// The text in that style, with the escape sequences that begin and end it.
  std::string paint(std::string_view text, Style style) const;

 private:
  bool colours_ = false;
};

}  // namespace butler::terminal
