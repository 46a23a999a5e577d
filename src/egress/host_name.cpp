#include "egress/host_name.hpp"

#include <algorithm>
#include <charconv>
#include <ranges>

namespace butler::egress {

namespace ip = boost::asio::ip;

namespace {

constexpr std::size_t longest_host_name = 253;  // RFC 1035, § 2.3.4
constexpr std::size_t longest_label = 63;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_character(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_'; }

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= longest_label && std::ranges::all_of(label, is_name_character) &&
         label.front() != '-' && label.back() != '-';
}

/// True for what URL parsers take for an IPv4 address: the last label is a number (URL Standard, § 3.5).
bool ends_in_number(std::string_view name) {
  const auto dot = name.rfind('.');
  const auto last = dot == std::string_view::npos ? name : name.substr(dot + 1);
  return std::ranges::all_of(last, is_digit) || last.starts_with("0x");
}

std::unexpected<std::string> refused(std::string_view text, std::string_view why) {
  constexpr std::size_t shown = 100;
  return std::unexpected("'" + std::string{text.substr(0, shown)} + "' " + std::string{why});
}

Target address_target(const ip::address& address) {
  ip::address plain = address;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    plain = ip::make_address_v4(ip::v4_mapped, address.to_v6());
  }
  return {.host = plain.to_string(), .address = plain};
}

std::expected<Target, std::string> parse_v6(std::string_view text, std::string_view inner) {
  boost::system::error_code error;
  const auto address = ip::make_address_v6(std::string{inner}, error);
  if (error || inner.contains('%')) return refused(text, "is no IPv6 address");
  return address_target(address);
}

std::expected<Target, std::string> parse_v4(std::string_view text) {
  // One spelling only: what is written back is what was read.
  boost::system::error_code error;
  const auto address = ip::make_address_v4(std::string{text}, error);
  if (error || address.to_string() != text) {
    return refused(text, "is neither a name nor an address in its usual form");
  }
  return address_target(address);
}

}  // namespace

std::expected<Target, std::string> parse_host(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) return parse_v6(text, text.substr(1, text.size() - 2));
  if (text.contains(':')) return parse_v6(text, text);
  std::string name{text};
  std::ranges::transform(name, name.begin(), lower);
  if (name.ends_with('.')) name.pop_back();
  if (name.empty() || name.size() > longest_host_name) return refused(text, "is no host name");
  for (const auto label : std::views::split(name, '.')) {
    if (!is_label(std::string_view{label.begin(), label.end()})) {
      return refused(text, "is no host name: letters, digits and hyphens, others in their xn-- form");
    }
  }
  if (ends_in_number(name)) return parse_v4(name);
  return Target{.host = std::move(name)};
}

std::expected<Target, std::string> parse_target(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return refused(text, "is not host:port");
  const auto digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) {
    return refused(text, "names no port");
  }
  const auto host = text.substr(0, colon);
  if (host.contains(':') && !host.starts_with('[')) return refused(text, "is not host:port");
  auto target = parse_host(host);
  if (target) target->port = port;
  return target;
}

bool is_local_name(std::string_view host) {
  if (!host.contains('.')) return true;
  for (const std::string_view suffix : {".localhost", ".local", ".internal", ".lan", ".home.arpa",
                                        ".intranet", ".corp", ".home", ".private", ".onion", ".arpa"}) {
    if (host.ends_with(suffix)) return true;
  }
  return false;
}

std::string to_text(const Target& target) {
  const bool v6 = target.address && target.address->is_v6();
  return (v6 ? "[" + target.host + "]" : target.host) + ":" + std::to_string(target.port);
}

}  // namespace butler::egress
