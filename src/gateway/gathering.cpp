#include "gateway/gathering.hpp"

#include <algorithm>

#include "domain/utf8.hpp"
#include "gateway/turn_parts.hpp"

namespace butler::gateway {

namespace {

using std::chrono::milliseconds;

constexpr std::int64_t longest_message = 4'096;

std::int64_t units_of(std::string_view text) {
  return static_cast<std::int64_t>(domain::count_utf16_units(text));
}

/// How long more is waited for after a part.
milliseconds window_after(const TextPart& part, bool burst, const GatherRules& rules) {
  milliseconds window = burst ? rules.burst_window : milliseconds::zero();
  if (!part.album.empty()) window = std::max(window, rules.album_window);
  if (units_of(part.text) >= rules.long_units) window = std::max(window, rules.paste_window);
  return window;
}

bool in_time(const OpenText& open, const TextPart& part, const GatherRules& rules) {
  constexpr std::chrono::seconds rounding{1};
  const auto window = std::max({rules.paste_window, rules.album_window, rules.burst_window});
  const auto apart = part.sent - open.part_sent_at;
  return part.now < open.due_at && apart >= -rounding && apart <= window + rounding;
}

}  // namespace

std::optional<OpenText> open_text(const TextPart& first, bool busy, const GatherRules& rules) {
  const bool burst = busy && rules.burst_window > milliseconds::zero();
  const auto window = window_after(first, burst, rules);
  if (window == milliseconds::zero()) return std::nullopt;
  return OpenText{.due_at = first.now + window,
                  .parts = 1,
                  .part_sent_at = first.sent,
                  .part_units = units_of(first.text),
                  .burst = burst,
                  .album = std::string{first.album}};
}

Joint joint(const OpenText& open, const TextPart& part, std::size_t characters, const GatherRules& rules) {
  if (!in_time(open, part, rules) || open.parts >= static_cast<std::int64_t>(rules.most_parts)) {
    return Joint::none;
  }
  const bool is_text = !part.text.empty() && part.album.empty();
  if (is_text && open.part_units >= rules.long_units) return Joint::cut;
  const std::size_t whole = characters + between_messages.size() + part.characters.value_or(0);
  if (whole > rules.most_characters) return Joint::none;
  if (!part.album.empty() && part.album == open.album) return Joint::together;
  return open.burst && part.characters ? Joint::together : Joint::none;
}

OpenText extended(const OpenText& open, const TextPart& part, domain::Timestamp opened_at,
                  const GatherRules& rules) {
  OpenText more{.due_at = part.now,
                .parts = open.parts + 1,
                .part_sent_at = part.sent,
                .part_units = units_of(part.text),
                .burst = open.burst,
                .album = std::string{part.album}};
  if (more.parts >= static_cast<std::int64_t>(rules.most_parts)) return more;
  more.due_at = std::min(part.now + window_after(part, open.burst, rules), opened_at + rules.longest);
  more.due_at = std::max(more.due_at, part.now);
  return more;
}

std::string_view joint_after(std::int64_t part_units) { return part_units < longest_message ? "\n" : ""; }

}  // namespace butler::gateway
