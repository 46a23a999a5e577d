#include "render/table.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "render/unicode.hpp"

namespace butler::render {

namespace {

constexpr std::size_t widest_grid = 44;
constexpr std::string_view separator = " │ ";
constexpr std::size_t separator_width = 3;

/// The cell in one line.
std::string grid_text(const StyledText& cell) {
  std::string text = cell.text;
  std::ranges::replace(text, '\n', ' ');
  return text;
}

bool has_links(const StyledText& cell) {
  return std::ranges::any_of(cell.spans, [](const Span& span) { return span.style == Style::text_link; });
}

std::vector<std::vector<std::string>> grid_lines(const Table& table) {
  std::vector<std::vector<std::string>> lines(1);
  for (const Column& column : table.columns) lines[0].push_back(grid_text(column.head));
  for (const auto& row : table.rows) {
    auto& line = lines.emplace_back();
    for (const StyledText& cell : row) line.push_back(grid_text(cell));
  }
  return lines;
}

std::vector<std::size_t> column_widths(const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> widths(lines[0].size(), 0);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], display_width(line[i]));
  }
  return widths;
}

void append_padded(std::string& out, const std::string& text, std::size_t width, Align align) {
  const std::size_t space = width - display_width(text);
  const std::size_t before = align == Align::right ? space : align == Align::center ? space / 2 : 0;
  out.append(before, ' ').append(text).append(space - before, ' ');
}

void append_rule(std::string& out, const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const bool inner = i > 0 && i + 1 < widths.size();
    const std::size_t margins = widths.size() == 1 ? 0 : inner ? 2 : 1;
    if (i > 0) out.append("┼");
    for (std::size_t n = 0; n < widths[i] + margins; ++n) out.append("─");
  }
}

bool any_links(const Table& table) {
  return std::ranges::any_of(table.columns, [](const Column& column) { return has_links(column.head); }) ||
         std::ranges::any_of(table.rows, [](const auto& row) { return std::ranges::any_of(row, has_links); });
}

void append_cell(StyledText& out, const StyledText& cell) {
  for (const Span& span : cell.spans) {
    if (span.style != Style::text_link) continue;
    out.spans.push_back(span);
    out.spans.back().begin += out.text.size();
    out.spans.back().end += out.text.size();
  }
  out.text.append(cell.text);
}

void append_head(StyledText& out, const StyledText& head) {
  if (head.text.empty()) return;
  const std::size_t begin = out.text.size();
  append_cell(out, head);
  if (!head.text.ends_with(':')) out.text.push_back(':');
  out.spans.push_back({.style = Style::bold, .begin = begin, .end = out.text.size()});
  out.text.push_back(' ');
}

}  // namespace

std::optional<std::string> draw_grid(const Table& table) {
  if (any_links(table)) return std::nullopt;
  const auto lines = grid_lines(table);
  const auto widths = column_widths(lines);
  std::size_t total = separator_width * (widths.size() - 1);
  for (const std::size_t width : widths) total += width;
  if (total > widest_grid || total == separator_width * (widths.size() - 1)) return std::nullopt;

  std::string grid;
  for (std::size_t row = 0; row < lines.size(); ++row) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (i > 0) line.append(separator);
      append_padded(line, lines[row][i], widths[i], table.columns[i].align);
    }
    line.resize(line.find_last_not_of(' ') + 1);
    grid.append(row == 0 ? "" : "\n").append(line);
    if (row == 0 && lines.size() > 1) append_rule(grid.append("\n"), widths);
  }
  return grid;
}

StyledText write_cards(const Table& table) {
  StyledText cards;
  if (table.rows.empty()) {
    for (const Column& column : table.columns) {
      if (!cards.text.empty()) cards.text.append(separator);
      append_cell(cards, column.head);
    }
  }
  for (const auto& row : table.rows) {
    if (!cards.text.empty()) cards.text.append("\n");
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i].text.empty()) continue;
      if (!cards.text.empty()) cards.text.append("\n");
      append_head(cards, table.columns[i].head);
      append_cell(cards, row[i]);
    }
  }
  return trimmed(std::move(cards));
}

}  // namespace butler::render
