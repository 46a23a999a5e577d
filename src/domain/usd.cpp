#include "domain/usd.hpp"

#include <algorithm>

namespace butler::domain {

namespace {

constexpr std::size_t most_whole_digits = 7;
constexpr std::size_t most_fraction_digits = 6;
constexpr std::int64_t most_dollars = 1'000'000;

bool all_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string padded(std::int64_t number, std::size_t width) {
  std::string digits = std::to_string(number);
  return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

}  // namespace

std::optional<Usd> parse_usd(std::string_view text) {
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  const bool has_fraction = point != std::string_view::npos;
  if (whole.empty() || whole.size() > most_whole_digits || !all_digits(whole)) return std::nullopt;
  if (has_fraction && fraction.empty()) return std::nullopt;
  if (fraction.size() > most_fraction_digits || !all_digits(fraction)) return std::nullopt;

  Usd amount{.billionths = std::stoll(std::string{whole}) * Usd::one};
  std::int64_t unit = Usd::one;
  for (const char digit : fraction) {
    unit /= 10;
    amount.billionths += (digit - '0') * unit;
  }
  if (amount > Usd{most_dollars * Usd::one}) return std::nullopt;
  return amount;
}

std::string format_usd(Usd amount) {
  constexpr std::int64_t cent = Usd::one / 100;
  constexpr std::int64_t hundredth_of_a_cent = cent / 100;
  const bool fine = amount.billionths < 10 * cent && amount.billionths % cent != 0;
  const std::int64_t unit = fine ? hundredth_of_a_cent : cent;
  const std::int64_t units = (amount.billionths + unit / 2) / unit;
  const std::int64_t in_a_dollar = Usd::one / unit;
  return "$" + std::to_string(units / in_a_dollar) + "." + padded(units % in_a_dollar, fine ? 4 : 2);
}

}  // namespace butler::domain
