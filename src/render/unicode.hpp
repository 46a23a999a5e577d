#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "domain/code_point.hpp"

/// What the renderer has to know of Unicode. All text is valid UTF-8, all offsets and lengths are bytes.
namespace butler::render {

using domain::code_point_at;
using domain::CodePoint;

/// The code point that ends at `at`; none at the begin.
CodePoint code_point_before(std::string_view text, std::size_t at);

void append_code_point(std::string& text, char32_t value);

/// Punctuation in the sense of CommonMark: ASCII punctuation and symbols, elsewhere category P.
bool is_punctuation(char32_t value);

/// A bracket or quotation mark that opens (categories Ps and Pi).
bool is_opening_punctuation(char32_t value);

bool is_space(char32_t value);

bool is_ascii_digit(char c);
bool is_ascii_letter(char c);
bool is_ascii_alphanumeric(char c);

/// Length of the grapheme cluster at `at`, which is a cluster's begin and not the end of the text. Stops to
/// count when it is more than `most`, and returns any number greater than that.
std::size_t grapheme_length(std::string_view text, std::size_t at, std::size_t most);

/// Columns that a line takes in a monospaced font: 2 for East Asian wide characters and emoji.
std::size_t display_width(std::string_view line);

/// True when nothing of it can be seen: Telegram refuses such a message as empty.
bool is_blank(std::string_view text);

/// Lower case of ASCII letters, everything else as it is.
std::string to_ascii_lower(std::string_view text);

}  // namespace butler::render
