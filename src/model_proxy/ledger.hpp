#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/usd.hpp"
#include "model_proxy/budget.hpp"
#include "model_proxy/token_usage.hpp"

namespace butler::model_proxy {

/// One request that was answered.
struct Charge {
  std::string job = {};
  std::string model = {};
  TokenUsage usage = {};
  bool estimated = false;                ///< the provider did not say, or not all
  std::optional<domain::Usd> cost = {};  ///< unset: the model's price is not known

  bool operator==(const Charge&) const = default;
};

/// Who keeps what has been spent.
class Ledger {
 public:
  virtual ~Ledger() = default;

  /// What is spent until now: today, and for a job.
  virtual Spent spent(std::string_view job) = 0;

  /// Puts a charge on record; on disk when it returns. Throws std::system_error when it cannot.
  virtual void add(const Charge& charge) = 0;
};

}  // namespace butler::model_proxy
