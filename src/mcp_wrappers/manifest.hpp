#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace butler::mcp_wrappers {

/// One wrapper that there should be.
struct Target {
  std::string name;                           ///< of the wrapper: what the agent calls
  std::string selector;                       ///< the server, by its name in mcporter.json
  bool emit_types = true;                     ///< whether its tools' types are written too
  std::chrono::milliseconds timeout{30'000};  ///< for one call, and for the server to say what it can

  bool operator==(const Target&) const = default;
};

/// What a wrapper may take beyond its timeout: to start, and to end.
inline constexpr std::chrono::milliseconds grace{5'000};

/// When a wrapper ends at the latest.
constexpr std::chrono::milliseconds limit_of(const Target& target) { return target.timeout + grace; }

/// Reads mcp-clis.json: {"targets": [{"name", "selector", "emitTypes"?, "timeoutMs"?}]}. Strict: a member
/// that it does not know is an error that names it. The error is what follows a colon.
std::expected<std::vector<Target>, std::string> parse_manifest(std::string_view text);

}  // namespace butler::mcp_wrappers
