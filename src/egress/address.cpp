#include "egress/address.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/network_v4.hpp>
#include <cstdint>
#include <span>

namespace butler::egress {

namespace ip = boost::asio::ip;

namespace {

struct Range4 {
  std::uint32_t network;
  unsigned bits;
  std::string_view use;
};

constexpr std::uint32_t v4(unsigned a, unsigned b = 0, unsigned c = 0, unsigned d = 0) {
  return (a << 24U) | (b << 16U) | (c << 8U) | d;
}

constexpr std::array ranges_v4{
    Range4{.network = v4(0), .bits = 8, .use = "this host"},
    Range4{.network = v4(10), .bits = 8, .use = "a private network"},
    Range4{.network = v4(100, 64), .bits = 10, .use = "a provider's shared network"},
    Range4{.network = v4(127), .bits = 8, .use = "this machine"},
    Range4{.network = v4(169, 254), .bits = 16, .use = "the local link, where clouds keep their metadata"},
    Range4{.network = v4(172, 16), .bits = 12, .use = "a private network"},
    Range4{.network = v4(192, 0, 0), .bits = 24, .use = "protocols"},
    Range4{.network = v4(192, 0, 2), .bits = 24, .use = "documentation"},
    Range4{.network = v4(192, 31, 196), .bits = 24, .use = "an anycast service"},
    Range4{.network = v4(192, 52, 193), .bits = 24, .use = "an anycast service"},
    Range4{.network = v4(192, 88, 99), .bits = 24, .use = "a relay to IPv6"},
    Range4{.network = v4(192, 168), .bits = 16, .use = "a private network"},
    Range4{.network = v4(192, 175, 48), .bits = 24, .use = "an anycast service"},
    Range4{.network = v4(198, 18), .bits = 15, .use = "benchmarks"},
    Range4{.network = v4(198, 51, 100), .bits = 24, .use = "documentation"},
    Range4{.network = v4(203, 0, 113), .bits = 24, .use = "documentation"},
    Range4{.network = v4(224), .bits = 4, .use = "multicast"},
    Range4{.network = v4(240), .bits = 4, .use = "nothing yet, or a broadcast"},
};

struct Range6 {
  std::array<std::uint8_t, 16> network;
  unsigned bits;
  std::string_view use;
};

/// Within 2000::/3, which holds all public addresses there are; what is outside is not public.
constexpr std::array ranges_v6{
    Range6{.network = {0x20, 0x01}, .bits = 23, .use = "protocols, such as Teredo"},
    Range6{.network = {0x20, 0x01, 0x0d, 0xb8}, .bits = 32, .use = "documentation"},
    Range6{.network = {0x20, 0x02}, .bits = 16, .use = "an IPv4 address within IPv6"},
    Range6{.network = {0x26, 0x20, 0x00, 0x4f, 0x80}, .bits = 48, .use = "an anycast service"},
    Range6{.network = {0x3f, 0xff}, .bits = 20, .use = "documentation"},
};

constexpr std::array other_v6{
    Range6{.network = {0xfc}, .bits = 7, .use = "a private network"},
    Range6{.network = {0xfe, 0x80}, .bits = 10, .use = "the local link"},
    Range6{.network = {0xff}, .bits = 8, .use = "multicast"},
    Range6{.network = {0, 0x64, 0xff, 0x9b}, .bits = 32, .use = "an IPv4 address within IPv6"},
};

/// Where these end is an IPv4 address that was not looked at.
constexpr std::array carriers_v6{
    Range6{.network = {0, 0x64, 0xff, 0x9b}, .bits = 32, .use = "NAT64"},
    Range6{.network = {0x20, 0x02}, .bits = 16, .use = "6to4"},
    Range6{.network = {0x20, 0x01}, .bits = 32, .use = "Teredo"},
};

bool contains(const Range4& range, std::uint32_t address) {
  return (address >> (32U - range.bits)) == (range.network >> (32U - range.bits));
}

bool contains(const Range6& range, const ip::address_v6::bytes_type& address) {
  for (unsigned bit = 0; bit < range.bits; bit += 8) {
    const unsigned left = std::min(8U, range.bits - bit);
    const unsigned mask = (0xFFU << (8U - left)) & 0xFFU;
    if ((address.at(bit / 8) & mask) != (range.network.at(bit / 8) & mask)) return false;
  }
  return true;
}

std::optional<std::string_view> use_of(std::span<const Range6> ranges, const ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  const auto found =
      std::ranges::find_if(ranges, [&](const Range6& range) { return contains(range, bytes); });
  if (found == ranges.end()) return std::nullopt;
  return found->use;
}

std::optional<std::string_view> special_use(const ip::address_v4& address) {
  const auto* const found = std::ranges::find_if(
      ranges_v4, [&](const Range4& range) { return contains(range, address.to_uint()); });
  if (found == ranges_v4.end()) return std::nullopt;
  return found->use;
}

std::optional<std::string_view> special_use(const ip::address_v6& address) {
  constexpr Range6 global{.network = {0x20}, .bits = 3, .use = {}};
  if (contains(global, address.to_bytes())) return use_of(ranges_v6, address);
  if (address.is_loopback() || address.is_unspecified()) return "this machine";
  if (address.is_v4_mapped()) return "an IPv4 address within IPv6";
  return use_of(other_v6, address).value_or("nothing yet");
}

}  // namespace

std::optional<std::string_view> special_use(const ip::address& address) {
  return address.is_v4() ? special_use(address.to_v4()) : special_use(address.to_v6());
}

bool is_never_allowed(const ip::address& address) {
  static const auto aws_metadata_v6 = ip::make_address_v6("fd00:ec2::254");
  if (address.is_v4()) {
    const auto plain = address.to_v4();
    // Alibaba's clouds keep theirs at 100.100.100.200.
    return contains(ranges_v4.front(), plain.to_uint()) || plain.is_multicast() ||
           plain.to_uint() >= v4(240) ||
           contains({.network = v4(169, 254), .bits = 16, .use = {}}, plain.to_uint()) ||
           plain.to_uint() == v4(100, 100, 100, 200);
  }
  const auto plain = address.to_v6();
  if (use_of(carriers_v6, plain)) return true;
  return plain.is_multicast() || plain.is_unspecified() || plain.is_link_local() ||
         plain == aws_metadata_v6 || plain.is_v4_mapped();
}

}  // namespace butler::egress
