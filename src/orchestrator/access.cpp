#include "orchestrator/access.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>

namespace butler::orchestrator {

namespace {

constexpr std::string_view bearer = "Bearer";

/// "127.0.0.1:8787" → "127.0.0.1", "[::1]:8787" → "[::1]".
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

}  // namespace

std::optional<std::string_view> presented_token(const http::RequestHead& head) {
  if (const auto key = head.headers.find("x-api-key")) return key;
  const auto authorization = head.headers.find("authorization");
  if (!authorization) return std::nullopt;
  const auto space = authorization->find(' ');
  if (space == std::string_view::npos || !http::same_name(authorization->substr(0, space), bearer)) {
    return std::nullopt;
  }
  return authorization->substr(space + 1);
}

bool same_secret(std::string_view presented, const config::Secret& expected) {
  const auto& secret = expected.reveal();
  return !secret.empty() && presented.size() == secret.size() &&
         CRYPTO_memcmp(presented.data(), secret.data(), secret.size()) == 0;
}

bool is_local_client(const http::RequestHead& head, std::string_view configured_host) {
  if (head.headers.find("origin")) return false;
  const auto host = head.headers.find("host");
  if (!host) return false;
  const std::array<std::string_view, 4> names{"127.0.0.1", "localhost", "[::1]", configured_host};
  return std::ranges::find(names, without_port(*host)) != names.end();
}

}  // namespace butler::orchestrator
