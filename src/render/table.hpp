#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "render/styled_text.hpp"

namespace butler::render {

enum class Align : std::uint8_t { left, center, right };

struct Column {
  Align align = Align::left;
  StyledText head;
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<StyledText>> rows;  ///< each as long as `columns`
};

/// Larger tables are shown as they are written. They would also be a way to make much output of little input,
/// since short rows are filled up.
inline constexpr std::size_t most_columns = 20;
inline constexpr std::size_t most_cells = 2000;

/// The table drawn in a monospaced font. Nothing when it is too wide for a phone (44 columns), or has links,
/// which code cannot hold.
std::optional<std::string> draw_grid(const Table& table);

/// The table as one paragraph, a card a row: "**Head:** cell" lines. Of the cells' styles only links stay.
StyledText write_cards(const Table& table);

}  // namespace butler::render
