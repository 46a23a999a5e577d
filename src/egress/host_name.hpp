#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace butler::egress {

/// Where a client wants to go, in the one spelling that is compared, resolved and logged.
struct Target {
  std::string host;  ///< a name in lower case without a dot at its end, or an address as inet_ntop writes it
  std::uint16_t port = 0;
  std::optional<boost::asio::ip::address> address = {};  ///< set when the host is an address, not a name

  bool operator==(const Target&) const = default;
};

/// Reads a host: a name of letters, digits, '-' and '_' (international names in their xn-- form), an IPv4
/// address of four decimal numbers, or an IPv6 address without or with brackets; an IPv4 address within an
/// IPv6 one is that IPv4 address. Everything that some program reads as an address in another way (0x7f.1,
/// 2130706433, 127.1, 010.0.0.1) is refused, and so is what is not a plain name: percent signs, zones, user
/// names. The error is a sentence.
std::expected<Target, std::string> parse_host(std::string_view text);

/// Reads "host:port", the target of a CONNECT request (RFC 9110, § 9.3.6).
std::expected<Target, std::string> parse_target(std::string_view text);

/// True for names that only mean something on one machine or in its network: those without a dot, and those
/// under suffixes that no public name has.
bool is_local_name(std::string_view host);

/// "host:port", with brackets around an IPv6 address.
std::string to_text(const Target& target);

}  // namespace butler::egress
