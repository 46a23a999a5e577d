#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Markdown as language models write it → what sendMessage takes: text and `entities`, never a parse_mode.
/// Pure functions: no I/O, no clock, no log. They accept any bytes, and take time linear in them.
namespace butler::render {

/// A range of a part's text and how it is shown. Offset and length are UTF-16 code units.
struct Entity {
  std::string type;  ///< as the Bot API spells it: bold, text_link, pre, expandable_blockquote, …
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string url = {};       ///< of a text_link only
  std::string language = {};  ///< of a pre only, and often empty there

  bool operator==(const Entity&) const = default;
};

/// One message. Promises, for any input:
/// - the text is valid UTF-8, not blank, has no whitespace at its end and takes at most `limit` UTF-16 units;
/// - at most 100 entities, sorted by offset, outer before inner;
/// - each entity is not empty, lies inside the text and starts and ends at a code point;
/// - entities nest or are apart, never overlap by half; pre and code hold no other entity, and only a block
///   quote holds a pre; no entity lies in another of its type.
struct Part {
  std::string text;
  std::vector<Entity> entities = {};

  bool operator==(const Part&) const = default;
};

/// UTF-16 units that Telegram takes in one message.
inline constexpr std::size_t message_limit = 4096;

/// Renders Markdown (CommonMark, GFM tables, the HTML tags and LaTeX that models mix in) into messages to be
/// sent in order. What is not understood stays in the text as it was written.
///
/// Nothing visible gives no part: the caller says "(no text)" or the like. A grapheme is cut only when it
/// alone is longer than `limit`. An entity that spans a cut goes on in the next part.
///
/// @param limit  UTF-16 units a part may take, ≥ 2 (less is taken as 2)
std::vector<Part> render_markdown(std::string_view markdown, std::size_t limit = message_limit);

/// The text as it is, without entities, cut into parts in the same way: for what is not Markdown, and for
/// sending again what Telegram refused. Control characters are cleaned as Telegram would, tabs become spaces.
std::vector<Part> render_plain(std::string_view text, std::size_t limit = message_limit);

}  // namespace butler::render
