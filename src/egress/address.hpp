#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string_view>

namespace butler::egress {

/// What an address that is not on the public internet is for, in a few words ("a private network"); nullopt
/// for a public one. After the special-purpose address registries of RFC 6890; an IPv6 address that carries
/// an IPv4 one (mapped, NAT64, 6to4, Teredo) never counts as public, since where it ends is decided
/// elsewhere.
std::optional<std::string_view> special_use(const boost::asio::ip::address& address);

/// True for addresses that no rule may open: those that belong to no single host, and that by which a cloud
/// tells its machines their keys.
bool is_never_allowed(const boost::asio::ip::address& address);

}  // namespace butler::egress
