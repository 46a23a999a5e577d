#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace butler::mcp_wrappers {

/// Why a wrapper cannot be spelt so; nullopt when it can.
std::optional<std::string> spelling_problem(std::string_view name);

/// Why a wrapper of this name would stand in the way of something else: a word or command of the shell, a
/// program that the policy judges by its name, or one that `search_path` (folders with colons) leads to.
/// nullopt when it would not.
std::optional<std::string> shadowing_problem(const std::string& name, std::string_view search_path);

}  // namespace butler::mcp_wrappers
