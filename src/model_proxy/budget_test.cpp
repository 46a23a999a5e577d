#include "model_proxy/budget.hpp"

#include <gmock/gmock.h>

namespace butler::model_proxy::budget_test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr domain::Usd dollars(std::int64_t cents) { return {cents * (domain::Usd::one / 100)}; }

std::string refusal(const Budgets& budgets, const Spent& spent, PriceKnown price = PriceKnown::yes) {
  return refusal_by_budget(budgets, spent, price, "mock-1").value_or("");
}

TEST(Budget, WithoutOneAnythingMayBegin) {
  EXPECT_EQ(refusal({}, {.today = dollars(99'999), .job = dollars(99'999)}), "");
  EXPECT_EQ(refusal({}, {}, PriceKnown::no), "");
}

TEST(Budget, ARequestMayBeginUntilTheBudgetIsUsedUp) {
  const Budgets budgets{.per_day = dollars(500), .per_job = dollars(50)};
  EXPECT_EQ(refusal(budgets, {.today = dollars(499), .job = dollars(49)}), "");
  EXPECT_THAT(refusal(budgets, {.today = dollars(500), .job = dollars(0)}),
              AllOf(HasSubstr("budget of the day"), HasSubstr("$5.00 of $5.00"), HasSubstr("midnight"),
                    HasSubstr("PI_BUDGET_USD_PER_DAY")));
  EXPECT_THAT(refusal(budgets, {.today = dollars(60), .job = dollars(52)}),
              AllOf(HasSubstr("budget of this job"), HasSubstr("$0.52 of $0.50"), HasSubstr("new message"),
                    HasSubstr("PI_BUDGET_USD_PER_JOB")));
}

TEST(Budget, ThatCannotBeKeptBecauseThePriceIsUnknownRefuses) {
  EXPECT_THAT(refusal({.per_job = dollars(50)}, {}, PriceKnown::no),
              AllOf(HasSubstr("mock-1"), HasSubstr("not known"), HasSubstr("models.json")));
}

TEST(Budget, TheWordsOfARefusalDoNotLookLikeAPassingFault) {
  for (const auto price : {PriceKnown::yes, PriceKnown::no}) {
    const auto text = refusal({.per_day = dollars(100)}, {.today = dollars(101)}, price);
    EXPECT_THAT(text,
                Not(ContainsRegex("rate.?limit|timeout|timed? out|overloaded|terminated|server.?error")));
  }
}

}  // namespace
}  // namespace butler::model_proxy::budget_test
