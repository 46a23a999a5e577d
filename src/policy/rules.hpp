#pragma once

#include <string>
#include <string_view>

#include "policy/analysis.hpp"
#include "policy/policy.hpp"

/// Which rules speak about an effect, and which of them decides. Pure.
namespace butler::policy {

/// Where a rule comes from, from the general to the particular. The floor stands above all.
enum class Origin : std::uint8_t { nothing, profile, global, chat, session, floor };

struct Judgement {
  Verdict verdict = Verdict::ask;
  Origin origin = Origin::nothing;
  std::string_view rule = "nothing-said";  ///< of the policy or of the program: lives as long as the policy
};

/// Whether a host is in a list of names and `*.suffix`. `*.example.com` is not example.com itself.
bool host_matches(std::string_view pattern, std::string_view host);

/// The order: a `deny` wherever it stands; else the answer of the most particular layer that has one
/// (session, chat, global, profile), and within it the strictest; where nobody says anything, `ask`. Nothing
/// is looser than the floor.
Judgement judge(const Policy& policy, const Question& question, const Folders& folders, const Effect& effect);

}  // namespace butler::policy
