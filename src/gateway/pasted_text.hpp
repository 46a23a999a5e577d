#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/timestamp.hpp"

/// Telegram's clients cut a long text into several messages: how the parts become one request again. Pure.
namespace butler::gateway {

/// What counts as cut, and how long the rest is waited for.
struct PasteRules {
  std::chrono::milliseconds window{1'500};   ///< for the next part, after each long one
  std::chrono::milliseconds longest{7'500};  ///< for all parts together
  std::size_t most_parts = 12;
  std::int64_t long_units = 4'000;  ///< a message of that many UTF-16 units may have been cut
};

/// A text whose rest may still come.
struct OpenText {
  domain::Timestamp due_at{};  ///< complete then, if nothing more comes
  std::int64_t parts = 1;
  domain::Timestamp part_sent_at{};  ///< when the last part was sent
  std::int64_t part_units = 0;       ///< its length in UTF-16 units

  bool operator==(const OpenText&) const = default;
};

/// A message that may be such a part.
struct TextPart {
  std::string_view text;
  domain::Timestamp sent{};  ///< by Telegram's clock, whole seconds
  domain::Timestamp now{};   ///< by ours
};

/// The text that a first message opens, or nullopt when it is not long enough to have been cut.
std::optional<OpenText> open_text(const TextPart& first, const PasteRules& rules);

/// Whether a part is the continuation of an open text that began at `opened_at`: in time, by the sender's
/// clock too, so that a backlog is not taken for one text.
bool continues(const OpenText& open, const TextPart& part, const PasteRules& rules);

/// The text with one more part; due at once when that was the last one.
OpenText extended(const OpenText& open, const TextPart& part, domain::Timestamp opened_at,
                  const PasteRules& rules);

/// What stands between a part of that length and the next one: clients cut at 4 096 units, or before that at
/// white space, which is lost then.
std::string_view joint_after(std::int64_t part_units);

}  // namespace butler::gateway
