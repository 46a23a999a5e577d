#include "gateway/markdown_code.hpp"

#include <algorithm>

namespace butler::gateway {

std::string code_block(std::string_view text) {
  std::size_t longest = 2;
  std::size_t row = 0;
  for (const char c : text) {
    row = c == '`' ? row + 1 : 0;
    longest = std::max(longest, row);
  }
  const std::string fence(longest + 1, '`');
  return fence + "\n" + std::string{text} + "\n" + fence;
}

}  // namespace butler::gateway
