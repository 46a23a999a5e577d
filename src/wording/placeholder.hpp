#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace butler::wording {

/// `{name}` inside a sentence: `name` is of a–z and _.
struct Placeholder {
  std::string_view name = {};
  std::size_t begin = 0;  ///< of its opening brace
  std::size_t end = 0;    ///< after its closing one
};

/// The first one at or after `from`. Other braces mean nothing.
std::optional<Placeholder> find_placeholder(std::string_view sentence, std::size_t from);

}  // namespace butler::wording
