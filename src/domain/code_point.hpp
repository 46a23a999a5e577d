#pragma once

#include <cstddef>
#include <string_view>

/// Single code points of valid UTF-8 text. Pure.
namespace butler::domain {

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;  ///< in bytes; 0 when there is none
};

/// The code point that starts at `at`; none at the end.
CodePoint code_point_at(std::string_view text, std::size_t at);

/// Controls of ASCII and of ISO 6429 (C1: U+009B begins a sequence as ESC [ does).
bool is_control(char32_t value);

/// Marks that change the direction of writing (Unicode's Bidi_Control): what stands there may not be what is
/// read.
bool turns_direction(char32_t value);

}  // namespace butler::domain
