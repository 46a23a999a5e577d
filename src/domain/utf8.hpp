#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace butler::domain {

/// True when the bytes are UTF-8 as RFC 3629 defines it (no surrogates, no overlong forms).
bool is_valid_utf8(std::string_view text);

/// The text with every byte that is not part of valid UTF-8 replaced by U+FFFD.
std::string to_valid_utf8(std::string_view bytes);

/// Unicode code points in valid UTF-8 text: the unit of every limit on the wire.
std::size_t count_code_points(std::string_view text);

/// UTF-16 code units that valid UTF-8 text takes: the unit of Telegram's entity offsets.
std::size_t count_utf16_units(std::string_view text);

/// Where in valid UTF-8 text that many UTF-16 units end; nullopt when the text is shorter, or when that is in
/// the middle of a surrogate pair.
std::optional<std::size_t> byte_after_utf16_units(std::string_view text, std::size_t units);

/// The longest prefix of at most `limit` code points.
std::string_view prefix_code_points(std::string_view text, std::size_t limit);

/// The text itself when it fits, else its first `limit - 1` code points and an ellipsis. `limit` ≥ 1.
std::string shorten(std::string_view text, std::size_t limit);

/// Cuts text into consecutive pieces of at most `limit` code points each; empty text gives none. `limit` ≥ 1.
std::vector<std::string_view> split_code_points(std::string_view text, std::size_t limit);

/// How many bytes at the end of `bytes` are the begin of a UTF-8 sequence that is not complete yet (0..3):
/// a reader of a byte stream keeps them back until the rest comes.
std::size_t incomplete_utf8_tail(std::string_view bytes);

}  // namespace butler::domain
