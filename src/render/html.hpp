#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "render/styled_text.hpp"

/// The HTML that models write inside Markdown.
namespace butler::render {

enum class TagKind : std::uint8_t { open, close };

enum class TagRole : std::uint8_t {
  style,       ///< <b>, <code>, <summary>, …: shown as `style`
  link,        ///< <a href>
  line_break,  ///< <br>
  invisible,   ///< <details>, comments: nothing to see
};

struct Tag {
  TagKind kind = TagKind::open;
  TagRole role = TagRole::style;
  std::string name;  ///< lower case
  Style style = Style::bold;
  std::string url = {};
};

/// The tag, when it is one that is known; others are shown as written. `source` is from < to >.
std::optional<Tag> parse_tag(std::string_view source);

/// What &amp; &#x1F600; and the like stand for; an unknown one stands for itself.
std::string decode_entity(std::string_view source);

}  // namespace butler::render
