#include "domain/timestamp.hpp"

#include <algorithm>

namespace butler::domain {

using std::chrono::milliseconds;

namespace {

void append_digits(std::string& text, int value, std::size_t width) {
  const auto digits = std::to_string(value);
  text.append(width - std::min(width, digits.size()), '0').append(digits);
}

}  // namespace

std::string to_iso8601(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::string text;
  text.reserve(24);
  append_digits(text, static_cast<int>(date.year()), 4);
  append_digits(text.append("-"), static_cast<int>(static_cast<unsigned>(date.month())), 2);
  append_digits(text.append("-"), static_cast<int>(static_cast<unsigned>(date.day())), 2);
  append_digits(text.append("T"), static_cast<int>(clock.hours().count()), 2);
  append_digits(text.append(":"), static_cast<int>(clock.minutes().count()), 2);
  append_digits(text.append(":"), static_cast<int>(clock.seconds().count()), 2);
  append_digits(text.append("."), static_cast<int>(clock.subseconds().count()), 3);
  return text.append("Z");
}

namespace {

/// The digits of text[from, from + count) as a number; nullopt when one is no digit.
std::optional<int> digits(std::string_view text, std::size_t from, std::size_t count) {
  int value = 0;
  for (const char c : text.substr(from, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::optional<Timestamp> from_iso8601(std::string_view text) {
  constexpr std::string_view shape = "0000-00-00T00:00:00.000Z";
  if (text.size() != shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != '0' && shape[i] != text[i]) return std::nullopt;
  }
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  const auto fraction = digits(text, 20, 3);
  if (!year || !month || !day || !hour || !minute || !second || !fraction) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{unsigned(*month)},
                                         std::chrono::day{unsigned(*day)}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return Timestamp{std::chrono::sys_days{date}} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
         std::chrono::seconds{*second} + milliseconds{*fraction};
}

Timestamp wall_clock_now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

}  // namespace butler::domain
