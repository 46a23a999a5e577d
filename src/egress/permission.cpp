#include "egress/permission.hpp"

namespace butler::egress {

namespace {

/// True when the server name that a client sends is the target.
bool is_same_host(std::string_view server_name, const Target& target) {
  const auto named = parse_host(server_name);
  return named && named->host == target.host;
}

}  // namespace

Admission admit_target(const HostPolicy& policy, const Target& target) {
  using enum Admission::Kind;
  if (const auto* const rule = find_rule(policy.rules, target)) return {.kind = allow, .rule = rule};
  if (target.address) {
    return {.kind = deny,
            .reason = target.host + " is an address: those are only reached when they are listed"};
  }
  if (is_local_name(target.host)) {
    return {.kind = deny,
            .reason =
                target.host + " is a name of a private network: those are only reached when they are listed"};
  }
  if (policy.others == HostPolicy::Others::ask) return {.kind = ask};
  return {.kind = deny, .reason = target.host + " is not on the list of allowed hosts"};
}

std::optional<std::string> inspect_first_bytes(const FirstBytes& first, const Target& target,
                                               const HostRule& rule) {
  using enum FirstBytes::Kind;
  const bool plain_allowed = rule.named_port && rule.port != https_port;
  switch (first.kind) {
    case unfinished: return std::nullopt;
    case malformed: return "what was sent to " + target.host + " is malformed TLS";
    case not_tls:
      if (plain_allowed) return "";
      return "what was sent to " + to_text(target) + " is no TLS: only https passes";
    case hello: break;
  }
  if (!first.server_name) {
    // Addresses are not named in TLS (RFC 6066, § 3).
    if (target.address) return "";
    return "TLS to " + target.host + " names no host";
  }
  if (is_same_host(*first.server_name, target)) return "";
  return "TLS for '" + *first.server_name + "' was sent to " + target.host;
}

}  // namespace butler::egress
