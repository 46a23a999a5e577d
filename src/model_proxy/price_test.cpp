#include "model_proxy/price.hpp"

#include <gtest/gtest.h>

namespace butler::model_proxy::price_test {
namespace {

Price price_of(std::string_view text) { return decode_price(json::parse(text).value()).value(); }

TEST(Price, IsReadAsPiWritesIt) {
  const auto price = price_of(R"({"input":2,"output":10.5,"cacheRead":0.2,"cacheWrite":2.5,
    "tiers":[{"inputTokensAbove":272000,"input":4,"output":15,"cacheRead":0.4,"cacheWrite":5}]})");
  EXPECT_EQ(price.rates, (Rates{.input = 2, .output = 10.5, .cache_read = 0.2, .cache_write = 2.5}));
  ASSERT_EQ(price.tiers.size(), 1U);
  EXPECT_EQ(price.tiers.front().input_above, 272'000);
}

TEST(Price, ThatIsIncompleteOrNoneIsUnknown) {
  for (const char* const text :
       {"{}", "5", R"({"input":1,"output":1,"cacheRead":1})",
        R"({"input":-1,"output":1,"cacheRead":1,"cacheWrite":1})",
        R"({"input":"1","output":1,"cacheRead":1,"cacheWrite":1})",
        R"({"input":1e300,"output":1,"cacheRead":1,"cacheWrite":1})",
        R"({"input":1,"output":1,"cacheRead":1,"cacheWrite":1,"tiers":[{"input":1}]})"}) {
    EXPECT_FALSE(decode_price(json::parse(text).value())) << text;
  }
}

TEST(Cost, IsTheSumOfWhatEachKindOfTokenCosts) {
  const auto price = price_of(R"({"input":1,"output":2,"cacheRead":0.1,"cacheWrite":1.25})");
  const TokenUsage usage{.input = 1'000'000, .output = 500'000, .cache_read = 10'000, .cache_write = 4};
  EXPECT_EQ(cost_of(usage, price).billionths, 2'000'000'000 + 1'000'000 + 5'000);
  EXPECT_EQ(cost_of({}, price).billionths, 0);
  EXPECT_EQ(cost_of({.cache_read = 1}, price).billionths, 100);
}

TEST(Cost, GoesByTheHighestTierThatTheWholeInputReaches) {
  const auto price = price_of(R"({"input":1,"output":1,"cacheRead":1,"cacheWrite":1,"tiers":[
    {"inputTokensAbove":200,"input":3,"output":3,"cacheRead":3,"cacheWrite":3},
    {"inputTokensAbove":100,"input":2,"output":2,"cacheRead":2,"cacheWrite":2}]})");
  EXPECT_EQ(cost_of({.input = 100}, price).billionths, 100'000);
  EXPECT_EQ(cost_of({.input = 50, .cache_read = 51}, price).billionths, 202'000);
  EXPECT_EQ(cost_of({.input = 201, .output = 1}, price).billionths, 606'000);
}

TEST(Cost, NeverOverflows) {
  const auto price = price_of(R"({"input":1000000,"output":1000000,"cacheRead":1,"cacheWrite":1})");
  const TokenUsage most{.input = 1'000'000'000, .output = 1'000'000'000};
  EXPECT_EQ(cost_of(most, price).billionths, 1'000'000 * domain::Usd::one);
}

}  // namespace
}  // namespace butler::model_proxy::price_test
