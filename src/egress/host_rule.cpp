#include "egress/host_rule.hpp"

#include <algorithm>

#include "egress/address.hpp"

namespace butler::egress {

namespace {

constexpr std::string_view private_word = "private";

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// True when a port follows: of "[::1]:80" and "a:80", not of "::1" and "[::1]".
bool has_port(std::string_view text) {
  if (text.starts_with('[')) return text.contains("]:");
  return std::ranges::count(text, ':') == 1;
}

bool matches(const HostRule& rule, const Target& target) {
  if (rule.port != target.port) return false;
  if (!rule.suffix) return rule.host == target.host;
  if (target.address || target.host.size() <= rule.host.size() + 1) return false;
  return target.host.ends_with(rule.host) && target.host[target.host.size() - rule.host.size() - 1] == '.';
}

}  // namespace

std::expected<HostRule, std::string> parse_host_rule(std::string_view text) {
  HostRule rule;
  auto rest = trimmed(text);
  if (rest.size() > private_word.size() && rest.ends_with(private_word) &&
      rest[rest.size() - private_word.size() - 1] == ' ') {
    rule.allow_private = true;
    rest = trimmed(rest.substr(0, rest.size() - private_word.size()));
  }
  if (rest.starts_with("*.")) {
    rule.suffix = true;
    rest.remove_prefix(2);
  }
  rule.named_port = has_port(rest);
  const auto target = rule.named_port ? parse_target(rest) : parse_host(rest);
  if (!target) return std::unexpected(target.error());
  if (rule.suffix && target->address)
    return std::unexpected("'" + std::string{text} + "': addresses have no names below them");
  if (rule.suffix && !target->host.contains('.')) {
    return std::unexpected("'" + std::string{text} + "' would allow too much: name more of the host");
  }
  rule.host = target->host;
  rule.allow_private = rule.allow_private || (!target->address && is_local_name(rule.host));
  if (rule.named_port) rule.port = target->port;
  return rule;
}

HostRule rule_for(const Target& target) {
  return {.host = target.host, .port = target.port, .named_port = true};
}

const HostRule* find_rule(std::span<const HostRule> rules, const Target& target) {
  const auto found = std::ranges::find_if(rules, [&](const HostRule& rule) { return matches(rule, target); });
  return found == rules.end() ? nullptr : &*found;
}

std::optional<std::string> refuse_address(const boost::asio::ip::address& address, const Target& target,
                                          const HostRule& rule) {
  const auto use = special_use(address);
  if (!use) return std::nullopt;
  const bool opened = rule.allow_private || target.address.has_value();
  if (opened && !is_never_allowed(address)) return std::nullopt;
  return target.host + " leads to " + address.to_string() + ", which is for " + std::string{*use} +
         " and not on the public internet";
}

}  // namespace butler::egress
