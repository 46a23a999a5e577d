#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "render/placeholder.hpp"

namespace butler::render {

/// Finds LaTeX in a paragraph. Ask from left to right: it remembers what is not to be found any more, so that
/// all questions together take linear time.
class FormulaFinder {
 public:
  explicit FormulaFinder(std::string_view paragraph) : text_(paragraph) {}

  /// The formula that starts at `at`, if one does. $…$ must look like a formula and not like money or a shell
  /// variable; \(…\) and \[…\] must not look like brackets that somebody escaped.
  std::optional<Formula> at(std::size_t at);

 private:
  struct Delimiter {
    std::string_view open;
    std::string_view close;
    bool missing = false;  ///< no `close` from here to the end
  };

  std::optional<Formula> delimited(std::size_t at, Delimiter& delimiter, FormulaKind kind);
  std::optional<Formula> dollars(std::size_t at);

  /// Bytes of quote marks and indent on the line of `at`.
  std::size_t prefix_length(std::size_t at) const;

  std::string_view text_;
  Delimiter brackets_{"\\[", "\\]"};
  Delimiter parentheses_{"\\(", "\\)"};
  Delimiter double_dollars_{"$$", "$$"};
};

}  // namespace butler::render
