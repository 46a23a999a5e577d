#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/usd.hpp"

namespace butler::model_proxy {

/// The most that may be spent; unset: no bound.
struct Budgets {
  std::optional<domain::Usd> per_day = {};
  std::optional<domain::Usd> per_job = {};

  bool any() const { return per_day || per_job; }
};

/// What has been spent until now.
struct Spent {
  domain::Usd today = {};
  domain::Usd job = {};
};

/// Whether what a model costs is known.
enum class PriceKnown : std::uint8_t { no, yes };

/// Why a request may not begin, as a sentence for the person who asked; nullopt when it may. A budget that
/// cannot be kept, because the price is unknown, refuses too. The words must not look to pi like a passing
/// fault ("rate limit", "timeout", "500"), else it tries again.
std::optional<std::string> refusal_by_budget(const Budgets& budgets, const Spent& spent, PriceKnown price,
                                             std::string_view model);

}  // namespace butler::model_proxy
