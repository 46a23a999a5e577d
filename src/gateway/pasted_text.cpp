#include "gateway/pasted_text.hpp"

#include <algorithm>

#include "domain/utf8.hpp"

namespace butler::gateway {

namespace {

constexpr std::int64_t longest_message = 4'096;

std::int64_t units_of(std::string_view text) {
  return static_cast<std::int64_t>(domain::count_utf16_units(text));
}

}  // namespace

std::optional<OpenText> open_text(const TextPart& first, const PasteRules& rules) {
  const std::int64_t units = units_of(first.text);
  if (units < rules.long_units) return std::nullopt;
  return OpenText{
      .due_at = first.now + rules.window, .parts = 1, .part_sent_at = first.sent, .part_units = units};
}

bool continues(const OpenText& open, const TextPart& part, const PasteRules& rules) {
  constexpr std::chrono::seconds rounding{1};
  const auto apart = part.sent - open.part_sent_at;
  return part.now < open.due_at && open.parts < static_cast<std::int64_t>(rules.most_parts) &&
         apart >= -rounding && apart <= rules.window + rounding;
}

OpenText extended(const OpenText& open, const TextPart& part, domain::Timestamp opened_at,
                  const PasteRules& rules) {
  OpenText more{.due_at = part.now,
                .parts = open.parts + 1,
                .part_sent_at = part.sent,
                .part_units = units_of(part.text)};
  const bool last =
      more.part_units < rules.long_units || more.parts == static_cast<std::int64_t>(rules.most_parts);
  if (!last) more.due_at = std::min(part.now + rules.window, opened_at + rules.longest);
  return more;
}

std::string_view joint_after(std::int64_t part_units) { return part_units < longest_message ? "\n" : ""; }

}  // namespace butler::gateway
