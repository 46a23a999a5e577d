#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// How wide text is on a terminal. Pure.
namespace butler::terminal {

/// The columns that a terminal draws one line of text in: two for wide characters and emoji, none for marks
/// and for escape sequences of colour. Bytes that are no UTF-8 count as the replacement character does.
std::size_t display_width(std::string_view text);

/// The text itself when it fits into so many columns, else its begin and an ellipsis. Escape sequences are
/// counted as in display_width(), but not ended: paint what has been fitted, not the other way round.
/// `columns` ≥ 1.
std::string fit_to_width(std::string_view text, std::size_t columns);

/// The text with spaces after it, up to so many columns.
std::string pad_to_width(std::string text, std::size_t columns);

/// One line that is safe to print, whoever wrote it: control characters (escape sequences begin with one) and
/// bytes that are no UTF-8 become U+FFFD, tabs and line ends a space, characters that turn the direction of
/// writing go.
std::string printable_line(std::string_view text);

}  // namespace butler::terminal
