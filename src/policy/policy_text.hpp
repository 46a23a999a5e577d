#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "json/codec.hpp"
#include "policy/policy.hpp"

/// The policy as text: JSON, in the file and in the profiles that ship. Pure.
namespace butler::policy {

/// Reads config/policy.json. Strict, because a misspelt name would silently be a weaker rule: unknown
/// members, null, empty lists, unknown names and patterns that cannot match are errors, all at once, each
/// with its path.
std::expected<Policy, std::vector<json::Problem>> parse_policy(std::string_view text);

/// "rules/0/hosts: …" in one line each.
std::string to_text(const std::vector<json::Problem>& problems);

/// The file that `butler policy init` writes.
std::string initial_policy(Profile profile);

/// The policy as `butler policy show --json` prints it: with the profile's own rules.
json::Value to_json(const Policy& policy);

}  // namespace butler::policy
