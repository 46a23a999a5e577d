#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/secret.hpp"
#include "http/types.hpp"

namespace butler::orchestrator {

/// Who may call a route.
enum class Caller : std::uint8_t { anyone, gateway, worker };

/// The token of a request: `x-api-key: TOKEN` or `authorization: Bearer TOKEN`.
std::optional<std::string_view> presented_token(const http::RequestHead& head);

/// True when both are equal; takes as long for a wrong token as for a right one of the same length.
bool same_secret(std::string_view presented, const config::Secret& expected);

/// True when the request names this server in its Host field (loopback names, or the configured host) and
/// comes from no web page (no Origin): a page in a browser on the same machine must not reach the API, by DNS
/// rebinding either.
bool is_local_client(const http::RequestHead& head, std::string_view configured_host);

}  // namespace butler::orchestrator
