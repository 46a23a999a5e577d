#include "domain/usd.hpp"

#include <gtest/gtest.h>

namespace butler::domain::usd_test {
namespace {

struct Text {
  std::string_view text;
  std::optional<std::int64_t> billionths;
};

class UsdText : public testing::TestWithParam<Text> {};

TEST_P(UsdText, IsAnAmountOrNone) {
  const auto amount = parse_usd(GetParam().text);
  ASSERT_EQ(amount.has_value(), GetParam().billionths.has_value()) << GetParam().text;
  if (amount) EXPECT_EQ(amount->billionths, *GetParam().billionths) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(Table, UsdText,
                         testing::Values(Text{"5", 5'000'000'000}, Text{"0.25", 250'000'000}, Text{"0", 0},
                                         Text{"0.000001", 1'000}, Text{"1000000", 1'000'000 * Usd::one},
                                         Text{"1000000.01", std::nullopt}, Text{"", std::nullopt},
                                         Text{".5", std::nullopt}, Text{"5.", std::nullopt},
                                         Text{"-1", std::nullopt}, Text{"1e3", std::nullopt},
                                         Text{"$5", std::nullopt}, Text{"1,50", std::nullopt},
                                         Text{"0.0000001", std::nullopt}, Text{" 5", std::nullopt},
                                         Text{"99999999", std::nullopt}),
                         [](const auto& instance) { return "Row" + std::to_string(instance.index); });

TEST(Usd, IsShownInCentsAndInHundredthsOfACentWhenItIsLittle) {
  EXPECT_EQ(format_usd({0}), "$0.00");
  EXPECT_EQ(format_usd({5 * Usd::one}), "$5.00");
  EXPECT_EQ(format_usd({12'345'678'901}), "$12.35");
  EXPECT_EQ(format_usd({4'200'000}), "$0.0042");
  EXPECT_EQ(format_usd({50'000'000}), "$0.05");
  EXPECT_EQ(format_usd({1}), "$0.0000");
}

}  // namespace
}  // namespace butler::domain::usd_test
