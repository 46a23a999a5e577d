#include "orchestrator/route_table.hpp"

#include <algorithm>
#include <charconv>

#include "http/path_pattern.hpp"

namespace butler::orchestrator {

std::optional<std::string> RouteRequest::header(std::string_view name) const {
  const auto found = request.head.headers.find(name);
  return found ? std::optional{std::string{*found}} : std::nullopt;
}

RouteTable::Match RouteTable::find(std::string_view method, std::string_view path) const {
  for (const auto& route : routes_) {
    if (route.method != method) continue;
    if (auto parameters = http::match_path(route.path, path)) return {&route, *std::move(parameters), true};
  }
  const bool path_known = std::ranges::any_of(
      routes_, [&](const Route& route) { return http::match_path(route.path, path).has_value(); });
  return {nullptr, {}, path_known};
}

Outcome<json::Value> body_value(const http::Request& request, json::ShortLived& memory) {
  if (request.body.empty()) return json::Object{};
  const auto type = request.head.headers.find("content-type");
  if (type && !http::same_name(type->substr(0, type->find_first_of("; ")), "application/json")) {
    return std::unexpected(Refusal{415, "unsupported_media_type", "the body must be application/json", {}});
  }
  auto value = memory.parse(request.body);
  if (!value) return std::unexpected(invalid_request("body", value.error()));
  return *std::move(value);
}

Outcome<std::int64_t> query_integer(const http::Request& request, std::string_view name,
                                    std::int64_t otherwise) {
  const auto text = http::query_parameter(request.head.query(), name);
  if (!text || text->empty()) return otherwise;
  std::int64_t number = 0;
  const auto* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc{} || stop != end || number < 0) {
    return std::unexpected(invalid_request(name, "expected a whole number, 0 or more"));
  }
  return number;
}

Outcome<std::chrono::seconds> query_wait(const http::Request& request) {
  const auto wait = query_integer(request, "wait", 0);
  if (!wait) return std::unexpected(wait.error());
  return std::min(std::chrono::seconds{*wait}, std::chrono::seconds{domain::limits::wait});
}

Answer answer_or_park(std::vector<Topic> topics, std::chrono::seconds wait, LeaseService::Now now,
                      std::function<std::optional<http::Response>(bool last)> look) {
  if (auto response = look(wait.count() == 0)) return *std::move(response);
  return Park{std::move(topics), now.steady + wait,
              [look = std::move(look)](Waking waking) { return look(waking == Waking::deadline); }};
}

LeaseService::Now now_on_both_clocks() {
  return {domain::wall_clock_now(), std::chrono::steady_clock::now()};
}

}  // namespace butler::orchestrator
