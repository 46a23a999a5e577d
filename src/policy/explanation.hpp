#pragma once

#include <string>
#include <vector>

#include "policy/analysis.hpp"
#include "policy/policy.hpp"

namespace butler::policy {

/// One effect of a call, and what was decided about it alone.
struct Finding {
  Effect effect;
  Verdict verdict = Verdict::ask;
  std::string rule;
};

/// A decision with all that led to it. The strictest finding decided.
struct Explanation {
  Decision decision = {};
  std::vector<Finding> findings = {};
};

/// As decide(), for `butler policy explain`.
Explanation explain(const Policy& policy, const Question& question);

}  // namespace butler::policy
