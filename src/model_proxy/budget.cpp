#include "model_proxy/budget.hpp"

namespace butler::model_proxy {

std::optional<std::string> refusal_by_budget(const Budgets& budgets, const Spent& spent, PriceKnown price,
                                             std::string_view model) {
  const auto money = [](domain::Usd amount) { return domain::format_usd(amount); };
  if (budgets.any() && price == PriceKnown::no) {
    return "There is a budget, and the price of the model " + std::string{model} +
           " is not known, so the budget cannot be kept. Add the model's cost to models.json, or take "
           "PI_BUDGET_USD_PER_DAY and PI_BUDGET_USD_PER_JOB out of the configuration.";
  }
  if (budgets.per_day && spent.today >= *budgets.per_day) {
    return "The budget of the day is used up: " + money(spent.today) + " of " + money(*budgets.per_day) +
           " spent. It goes on after midnight, or when PI_BUDGET_USD_PER_DAY is raised.";
  }
  if (budgets.per_job && spent.job >= *budgets.per_job) {
    return "The budget of this job is used up: " + money(spent.job) + " of " + money(*budgets.per_job) +
           " spent. A new message starts a new job and goes on from here; PI_BUDGET_USD_PER_JOB sets the "
           "amount.";
  }
  return std::nullopt;
}

}  // namespace butler::model_proxy
