#include "model_proxy/price.hpp"

#include <algorithm>
#include <cmath>

namespace butler::model_proxy {

namespace {

constexpr double most_per_million = 1'000'000;

std::optional<Rates> decode_rates(const json::Value& cost) {
  const auto rate = [&cost](std::string_view name) { return json::find_number(cost, name, -1); };
  const Rates rates{.input = rate("input"),
                    .output = rate("output"),
                    .cache_read = rate("cacheRead"),
                    .cache_write = rate("cacheWrite")};
  for (const double one : {rates.input, rates.output, rates.cache_read, rates.cache_write}) {
    if (!(one >= 0 && one <= most_per_million)) return std::nullopt;
  }
  return rates;
}

}  // namespace

std::optional<Price> decode_price(const json::Value& cost) {
  const auto rates = decode_rates(cost);
  if (!rates) return std::nullopt;
  Price price{.rates = *rates, .tiers = {}};
  const json::Value* const tiers = json::find(cost, "tiers");
  if (tiers == nullptr) return price;
  if (!tiers->is_array()) return std::nullopt;
  for (const json::Value& tier : tiers->get_array()) {
    const auto tier_rates = decode_rates(tier);
    const auto above = json::find_integer(tier, "inputTokensAbove", -1);
    if (!tier_rates || above < 0) return std::nullopt;
    price.tiers.push_back({.input_above = above, .rates = *tier_rates});
  }
  std::ranges::sort(price.tiers, {}, &Price::Tier::input_above);
  return price;
}

domain::Usd cost_of(const TokenUsage& usage, const Price& price) {
  Rates rates = price.rates;
  for (const auto& tier : price.tiers) {
    if (usage.whole_input() > tier.input_above) rates = tier.rates;
  }
  const auto of = [](std::int64_t tokens, double per_million) {
    return static_cast<double>(tokens) * per_million;
  };
  const double millionths = of(usage.input, rates.input) + of(usage.output, rates.output) +
                            of(usage.cache_read, rates.cache_read) + of(usage.cache_write, rates.cache_write);
  // A tenth of a billionth up or down is the arithmetic's, not the provider's.
  constexpr double billionths_in_a_millionth = 1'000;
  const double most = static_cast<double>(domain::Usd{.billionths = 1'000'000 * domain::Usd::one}.billionths);
  return {static_cast<std::int64_t>(std::min(most, std::ceil(millionths * billionths_in_a_millionth - 0.1)))};
}

}  // namespace butler::model_proxy
