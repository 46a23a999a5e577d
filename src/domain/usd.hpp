#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace butler::domain {

/// An amount of US dollars in whole billionths: a single token of a cheap model costs some 40 of them. At
/// most some nine billion dollars.
struct Usd {
  static constexpr std::int64_t one = 1'000'000'000;

  std::int64_t billionths = 0;

  auto operator<=>(const Usd&) const = default;
  Usd operator+(Usd other) const { return {billionths + other.billionths}; }
};

/// "5", "0.25": digits, and after a point at most six of them; at most a million dollars. nullopt for
/// anything else.
std::optional<Usd> parse_usd(std::string_view text);

/// "$5.00", "$0.0042": two digits after the point, four for less than ten cents that are not whole cents.
std::string format_usd(Usd amount);

}  // namespace butler::domain
