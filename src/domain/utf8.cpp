#include "domain/utf8.hpp"

#include <cstdint>

namespace butler::domain {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view ellipsis = "\xE2\x80\xA6";

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Length of the valid sequence at the start of `text`; 0 when it is not valid UTF-8. `text` is not empty.
std::size_t sequence_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80U) return 1;
  const std::size_t length = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : lead >= 0xC2U ? 2 : 0;
  if (length == 0 || lead > 0xF4U || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (lead == 0xE0U && second < 0xA0U) || (lead == 0xF0U && second < 0x90U);
  const bool surrogate = lead == 0xEDU && second >= 0xA0U;
  const bool too_big = lead == 0xF4U && second >= 0x90U;
  return overlong || surrogate || too_big ? 0 : length;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string to_valid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    text.append(length == 0 ? replacement : bytes.substr(0, length));
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return text;
}

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += is_continuation(c) ? 0 : 1;
  return count;
}

std::size_t count_utf16_units(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    if (is_continuation(c)) continue;
    units += static_cast<unsigned char>(c) >= 0xF0U ? 2 : 1;
  }
  return units;
}

std::optional<std::size_t> byte_after_utf16_units(std::string_view text, std::size_t units) {
  std::size_t counted = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_continuation(text[i])) continue;
    if (counted == units) return i;
    counted += static_cast<unsigned char>(text[i]) >= 0xF0U ? 2 : 1;
    if (counted > units) return std::nullopt;
  }
  if (counted != units) return std::nullopt;
  return text.size();
}

std::string_view prefix_code_points(std::string_view text, std::size_t limit) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_continuation(text[i])) continue;
    if (count == limit) return text.substr(0, i);
    ++count;
  }
  return text;
}

std::string shorten(std::string_view text, std::size_t limit) {
  if (prefix_code_points(text, limit).size() == text.size()) return std::string{text};
  std::string cut{prefix_code_points(text, limit - 1)};
  cut.append(ellipsis);
  return cut;
}

std::vector<std::string_view> split_code_points(std::string_view text, std::size_t limit) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    pieces.push_back(prefix_code_points(text, limit));
    text.remove_prefix(pieces.back().size());
  }
  return pieces;
}

std::size_t incomplete_utf8_tail(std::string_view bytes) {
  for (std::size_t taken = 1; taken <= 3 && taken <= bytes.size(); ++taken) {
    const auto lead = static_cast<unsigned char>(bytes[bytes.size() - taken]);
    if ((lead & 0xC0U) == 0x80U) continue;
    const std::size_t needed = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : lead >= 0xC0U ? 2 : 1;
    return needed > taken ? taken : 0;
  }
  return 0;
}

}  // namespace butler::domain
