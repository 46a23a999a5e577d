#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/timestamp.hpp"

/// Which messages are one request: the parts of a long text that a client has cut, the items of an album, and
/// what a person writes in a row while their conversation is at work. Pure.
namespace butler::gateway {

/// How long more is waited for, and how much is taken (telegram.md § 5.9).
struct GatherRules {
  std::chrono::milliseconds paste_window{1'500};  ///< after a message that may have been cut
  std::chrono::milliseconds album_window{750};    ///< after an item of an album: nothing marks the last one
  std::chrono::milliseconds burst_window{500};    ///< after any message, while something runs; 0: no waiting
  std::chrono::milliseconds longest{7'500};       ///< for all parts together
  std::size_t most_parts = 12;
  std::size_t most_characters =
      8'000;                        ///< of what is gathered; only a cut text may get longer, and is refused
  std::int64_t long_units = 4'000;  ///< a message of that many UTF-16 units may have been cut
};

/// A turn of which more may still come.
struct OpenText {
  domain::Timestamp due_at{};  ///< complete then, if nothing more comes
  std::int64_t parts = 1;
  domain::Timestamp part_sent_at{};  ///< when the last part was sent
  std::int64_t part_units = 0;       ///< the length of its text in UTF-16 units; 0 for a file
  bool burst = false;                ///< any message of the person goes on with it
  std::string album = {};            ///< of the last part: Telegram's media_group_id, or ""

  bool operator==(const OpenText&) const = default;
};

/// A message that may be such a part.
struct TextPart {
  std::string_view text = {};   ///< as it was written; "" for a file
  std::string_view album = {};  ///< its media_group_id, or ""
  /// What it says to us as a message of its own, in characters; nullopt when it says nothing to us. The rest
  /// of a cut text, or of an album, need not be addressed to us.
  std::optional<std::size_t> characters = {};
  domain::Timestamp sent{};  ///< by Telegram's clock, whole seconds
  domain::Timestamp now{};   ///< by ours
};

/// How a part belongs to what came before it.
enum class Joint : std::uint8_t {
  none,      ///< it does not, or it is the first
  cut,       ///< the next piece of a text that the client has cut
  together,  ///< a message of its own: of an album, or of a burst
};

/// What a first message opens, or nullopt when nothing is waited for. `busy`: something of the conversation
/// runs or waits, so that the message is not held up by waiting.
std::optional<OpenText> open_text(const TextPart& first, bool busy, const GatherRules& rules);

/// How a part of the same person goes on with an open turn of `characters` so far: in time, by the sender's
/// clock too, so that a backlog is not taken for one text.
Joint joint(const OpenText& open, const TextPart& part, std::size_t characters, const GatherRules& rules);

/// The turn with one more part; due at once when that was the last one.
OpenText extended(const OpenText& open, const TextPart& part, domain::Timestamp opened_at,
                  const GatherRules& rules);

/// What stands between a part of that length and the next piece of a cut text: clients cut at 4 096 units, or
/// before that at white space, which is lost then.
std::string_view joint_after(std::int64_t part_units);

}  // namespace butler::gateway
