#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace butler::terminal {

using Row = std::vector<std::string>;

/// Lines of text with their cells one below the other, two spaces between columns, by display width (colours
/// count nothing). A row may be shorter than others. The last cell of a row is not padded. Cells are printed
/// as they are: printable_line() is for those that somebody else wrote. Pure.
/// @param columns  the width that a line should fit in; the last cell is shortened to it. 0 for any.
std::string render_table(const std::vector<Row>& rows, std::size_t columns = 0);

}  // namespace butler::terminal
