#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "egress/host_name.hpp"

namespace butler::egress {

/// TLS over TCP: what a rule without a port allows.
inline constexpr std::uint16_t https_port = 443;

/// Hosts that may be reached.
struct HostRule {
  std::string host;     ///< a name or address as Target has it; for a suffix, what follows "*."
  bool suffix = false;  ///< every name below `host`, and not `host` itself
  std::uint16_t port = https_port;
  bool named_port = false;     ///< the rule names the port: what is no TLS may pass on it, except on 443
  bool allow_private = false;  ///< the name may lead to an address that is not public: a NAS at home

  bool operator==(const HostRule&) const = default;
};

/// Reads `host`, `*.suffix`, with `:port` behind it and `private` behind that: "github.com", "*.debian.org",
/// "mail.example:993", "nas.lan:445 private". An address is only ever reached by a rule that names it, and
/// such a rule needs no `private`; neither does a name
/// that is_local_name(). The error is a sentence.
std::expected<HostRule, std::string> parse_host_rule(std::string_view text);

/// What a person allows who says yes to the target: nothing but that.
HostRule rule_for(const Target& target);

/// The rule that allows the target; null when none does.
const HostRule* find_rule(std::span<const HostRule> rules, const Target& target);

/// Why a connection to this address, which is what the target's name leads to, is not made; nullopt when it
/// may be. `rule` is the one that allowed the target.
std::optional<std::string> refuse_address(const boost::asio::ip::address& address, const Target& target,
                                          const HostRule& rule);

}  // namespace butler::egress
