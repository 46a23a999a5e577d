#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "render/styled_text.hpp"

namespace butler::render {

enum class Spacing : std::uint8_t { tight, loose };

/// Sets blocks below each other: separators, list markers, indent, quotes. Containers may be entered to any
/// depth, as input can nest without bound; those deeper than 16 leave no trace on their content.
class BlockWriter {
 public:
  void enter_quote();
  void enter_list(Spacing spacing);
  /// `marker` is written once, at the item's first line, with a space behind it.
  void enter_item(std::string marker);
  /// Ends the container entered last.
  void leave();

  /// Lists that are open.
  std::size_t list_depth() const;

  void paragraph(const StyledText& content);

  /// Code, flush left wherever it is: an indent would be copied with it.
  void preformatted(std::string_view code, std::string_view language);

  StyledText finish() { return std::move(out_); }

 private:
  enum class Kind : std::uint8_t { root, quote, inner_quote, list, item };

  struct Container {
    Kind kind = Kind::root;
    Spacing spacing = Spacing::loose;
    bool has_content = false;
    std::string marker = {};  ///< of an item, until it is written
    std::size_t indent = 0;   ///< of an item, columns
    std::size_t quote_begin = std::string::npos;
  };

  void enter(Container container);
  void begin_block();
  void break_line();
  std::string take_prefix();
  void write_markers();
  void end_quote(const Container& quote);

  StyledText out_;
  std::vector<Container> containers_{Container{}};
  std::size_t ignored_ = 0;   ///< containers beyond the deepest
  std::size_t newlines_ = 0;  ///< due before the next content
};

}  // namespace butler::render
