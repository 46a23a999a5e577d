#include "gateway/markdown_code.hpp"

#include <algorithm>

namespace butler::gateway {

namespace {

std::size_t longest_row_of_backticks(std::string_view text) {
  std::size_t longest = 0;
  std::size_t row = 0;
  for (const char c : text) {
    row = c == '`' ? row + 1 : 0;
    longest = std::max(longest, row);
  }
  return longest;
}

}  // namespace

std::string code_block(std::string_view text) {
  constexpr std::size_t shortest_fence = 3;
  const std::string fence(std::max(shortest_fence, longest_row_of_backticks(text) + 1), '`');
  return fence + "\n" + std::string{text} + "\n" + fence;
}

std::string code_span(std::string_view line) {
  const std::string fence(longest_row_of_backticks(line) + 1, '`');
  return fence + " " + std::string{line} + " " + fence;  // one space on each side is not shown
}

}  // namespace butler::gateway
