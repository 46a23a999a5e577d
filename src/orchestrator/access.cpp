#include "orchestrator/access.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace butler::orchestrator {

namespace {

constexpr std::string_view bearer = "Bearer";

/// "127.0.0.1:8787" → "127.0.0.1", "[::1]:8787" → "[::1]".
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

/// "fd00::1" → "[fd00::1]".
std::string in_host_field(const std::string& host) { return host.contains(':') ? "[" + host + "]" : host; }

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

bool is_from_web_page(const http::RequestHead& head) { return head.headers.find("origin").has_value(); }

AllowedHosts::AllowedHosts(const std::string& address, const std::vector<std::string>& listed)
    : names_{"127.0.0.1", "localhost", "[::1]", in_host_field(address)} {
  for (const auto& host : listed) names_.push_back(in_host_field(host));
}

bool AllowedHosts::has(const http::RequestHead& head) const {
  const auto host = head.headers.find("host");
  return host && std::ranges::any_of(names_, [name = without_port(*host)](const std::string& allowed) {
           return http::same_name(allowed, name);
         });
}

}  // namespace butler::orchestrator
