#include "terminal/table.hpp"

#include <algorithm>

#include "terminal/display_width.hpp"

namespace butler::terminal {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least_last_cell = 10;  ///< narrower, nothing could be read: rather let the line wrap

/// Of each column but the rows' last cells, which nothing stands behind.
std::vector<std::size_t> column_widths(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    for (std::size_t at = 0; at + 1 < row.size(); ++at) {
      if (widths.size() <= at) widths.push_back(0);
      widths[at] = std::max(widths[at], display_width(row[at]));
    }
  }
  return widths;
}

}  // namespace

std::string render_table(const std::vector<Row>& rows, std::size_t columns) {
  const auto widths = column_widths(rows);
  std::string text;
  for (const Row& row : rows) {
    std::size_t used = 0;
    for (std::size_t at = 0; at + 1 < row.size(); ++at) {
      text += pad_to_width(row[at], widths[at] + gap);
      used += widths[at] + gap;
    }
    if (!row.empty()) {
      const bool fits = columns == 0 || columns < used + least_last_cell;
      text += fits ? row.back() : fit_to_width(row.back(), columns - used);
    }
    text += '\n';
  }
  return text;
}

}  // namespace butler::terminal
