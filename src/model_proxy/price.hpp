#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/usd.hpp"
#include "json/value.hpp"
#include "model_proxy/token_usage.hpp"

namespace butler::model_proxy {

/// What a million tokens cost, in US dollars.
struct Rates {
  double input = 0;
  double output = 0;
  double cache_read = 0;
  double cache_write = 0;

  bool operator==(const Rates&) const = default;
};

/// A model's price, as pi's model data and models.json write it. Prices are changed by the length of the
/// input at some providers.
struct Price {
  struct Tier {
    std::int64_t input_above = 0;  ///< tokens, with the cached ones
    Rates rates = {};

    bool operator==(const Tier&) const = default;
  };

  Rates rates = {};
  std::vector<Tier> tiers = {};

  bool operator==(const Price&) const = default;
};

/// By the model's id.
using PriceList = std::map<std::string, Price, std::less<>>;

/// A `cost` object of pi's; nullopt when a rate is missing, no number or negative.
std::optional<Price> decode_price(const json::Value& cost);

/// What the usage costs, rounded up to a billionth. The highest tier that applies counts for all of it.
domain::Usd cost_of(const TokenUsage& usage, const Price& price);

}  // namespace butler::model_proxy
