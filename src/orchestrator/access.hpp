#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/secret.hpp"
#include "http/types.hpp"

namespace butler::orchestrator {

/// Who may call a route.
enum class Caller : std::uint8_t { anyone, gateway, worker };

/// The token of a request: `x-api-key: TOKEN` or `authorization: Bearer TOKEN`.
std::optional<std::string_view> presented_token(const http::RequestHead& head);

/// True when both are equal; takes as long for a wrong token as for a right one of the same length.
bool same_secret(std::string_view presented, const config::Secret& expected);

/// True when the request comes from a web page (Origin): none must reach the API.
bool is_from_web_page(const http::RequestHead& head);

/// The names by which requests may call this server in their Host field: a page in a browser that was led
/// here by DNS rebinding uses another one.
class AllowedHosts {
 public:
  /// The loopback names, the address that is listened on, and the listed ones; IPv6 addresses without
  /// brackets.
  AllowedHosts(const std::string& address, const std::vector<std::string>& listed);

  /// Whatever the port and the case of letters.
  bool has(const http::RequestHead& head) const;

 private:
  std::vector<std::string> names_;  ///< as they stand in a Host field
};

}  // namespace butler::orchestrator
