#pragma once

#include <boost/describe.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace butler::render {

/// What an entity can be; the names are the Bot API's. The order is that of entities with the same range,
/// outermost first.
enum class Style : std::uint8_t {
  blockquote,
  expandable_blockquote,
  text_link,
  bold,
  italic,
  underline,
  strikethrough,
  spoiler,
  code,
  pre,
};
BOOST_DESCRIBE_ENUM(Style, blockquote, expandable_blockquote, text_link, bold, italic, underline,
                    strikethrough, spoiler, code, pre)

/// A styled range. Offsets are bytes.
struct Span {
  Style style = Style::bold;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string attribute = {};  ///< url of a text_link, language of a pre

  std::size_t size() const { return end - begin; }
  bool operator==(const Span&) const = default;
};

/// Text (UTF-8) and its styles, before it is cut into messages.
struct StyledText {
  std::string text;
  std::vector<Span> spans = {};
};

/// The whitespace that Telegram cuts off the ends of messages and entities.
inline constexpr std::string_view whitespace = " \n";

/// Moves both ends inwards past whitespace, at most until the range is empty.
void trim(std::string_view text, std::size_t& begin, std::size_t& end);

/// Without whitespace at the ends; spans are clipped, those left empty are dropped.
StyledText trimmed(StyledText content);

}  // namespace butler::render
