#include "model_proxy/upstream.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace butler::model_proxy {

namespace {

/// Where APIs have their keys: OpenAI and most others, Anthropic, Google, Azure, Cloudflare's gateway. Of
/// several the first counts.
constexpr std::array<std::string_view, 5> key_headers{"cf-aig-authorization", "authorization", "x-api-key",
                                                      "x-goog-api-key", "api-key"};
constexpr std::string_view bearer = "Bearer ";

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [name](std::string_view one) { return http::same_name(name, one); });
}

bool belongs_to_the_connection(std::string_view name) {
  static constexpr std::array<std::string_view, 9> names{"connection",
                                                         "keep-alive",
                                                         "proxy-connection",
                                                         "proxy-authenticate",
                                                         "proxy-authorization",
                                                         "te",
                                                         "trailer",
                                                         "transfer-encoding",
                                                         "upgrade"};
  return is_one_of(name, names);
}

bool is_kept_from_the_provider(std::string_view name) {
  static constexpr std::array<std::string_view, 10> names{
      "host",   "content-length", "accept-encoding", "expect",          "cookie",
      "origin", "referer",        "forwarded",       "x-forwarded-for", "x-forwarded-host"};
  return is_one_of(name, names) || is_one_of(name, key_headers);
}

/// True when the connection's own field names this one.
bool is_named_by_connection(const http::Headers& headers, std::string_view name) {
  std::string_view list = headers.find("connection").value_or("");
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    auto one = list.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (http::same_name(one, name)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

bool is_replaced(const Upstream& upstream, std::string_view name) {
  return std::ranges::any_of(upstream.headers,
                             [name](const auto& header) { return http::same_name(header.first, name); });
}

}  // namespace

std::string local_path(const Upstream& upstream) {
  const http::Url& base = upstream.endpoints.front().base;
  return "/llm/" + http::percent_encode(base.host) + base.path;
}

std::optional<Route> find_route(const Upstream& upstream, std::string_view path) {
  const std::string prefix = local_path(upstream);
  if (!path.starts_with(prefix)) return std::nullopt;
  const auto rest = path.substr(prefix.size());
  for (std::size_t i = 0; i < upstream.endpoints.size(); ++i) {
    if (is_request_path(upstream.endpoints.at(i).api, rest)) {
      return Route{.endpoint = i, .path = std::string{rest}};
    }
  }
  return std::nullopt;
}

std::string_view presented_token(const http::Headers& headers) {
  for (const auto name : key_headers) {
    auto value = headers.find(name).value_or("");
    if (value.starts_with(bearer)) value.remove_prefix(bearer.size());
    if (!value.empty()) return value;
  }
  return {};
}

http::Headers upstream_headers(const http::Headers& received, const Upstream& upstream) {
  http::Headers sent;
  for (const auto& [name, value] : received) {
    const bool dropped = belongs_to_the_connection(name) || is_kept_from_the_provider(name) ||
                         is_named_by_connection(received, name) || is_replaced(upstream, name);
    if (!dropped) sent.add(name, value);
  }
  for (const auto name : key_headers) {
    const auto value = received.find(name).value_or("");
    if (value.empty() || is_replaced(upstream, name)) continue;
    const bool with_scheme = value.starts_with(bearer);
    sent.add(std::string{name}, (with_scheme ? std::string{bearer} : std::string{}) + upstream.key);
    break;
  }
  for (const auto& [name, value] : upstream.headers) sent.add(name, value);
  sent.add("accept-encoding", "identity");
  return sent;
}

http::Headers downstream_headers(const http::Headers& received) {
  static constexpr std::array<std::string_view, 3> dropped{"content-length", "set-cookie", "alt-svc"};
  http::Headers sent;
  for (const auto& [name, value] : received) {
    if (!belongs_to_the_connection(name) && !is_one_of(name, dropped)) sent.add(name, value);
  }
  return sent;
}

}  // namespace butler::model_proxy
