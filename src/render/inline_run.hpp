#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "render/html.hpp"
#include "render/styled_text.hpp"

namespace butler::render {

/// The inline content of one block, collected in order and turned into styled text at its end: only then is
/// it known which HTML tags are closed. Those that are not are shown as written.
class InlineRun {
 public:
  void text(std::string_view text);
  void html(std::string_view source);

  /// A Markdown span begins; close() ends the last one that was opened.
  void open_style(Style style);
  void open_link(std::string url);
  void open_image(std::string url);
  void close();

  /// Markdown spans that are open.
  std::size_t depth() const { return depth_; }

  /// The content so far, without whitespace at the ends; begins anew.
  StyledText finish();

 private:
  enum class Kind : std::uint8_t { text, style, link, image, tag_open, tag_close, end };

  struct Item {
    Kind kind = Kind::text;
    std::string text = {};  ///< of a tag: its source
    Style style = Style::bold;
    std::string url = {};
    std::string tag = {};  ///< name of an HTML tag
    bool matched = false;  ///< of an HTML tag: it has a partner
  };

  class Emitter;

  void match_tags();

  std::vector<Item> items_;
  std::size_t depth_ = 0;
};

}  // namespace butler::render
