#include "orchestrator/administration.hpp"

#include <algorithm>
#include <charconv>

#include "api/describe.hpp"
#include "json/codec.hpp"

namespace butler::orchestrator {

namespace {

constexpr std::int64_t rows_shown = 50;
constexpr std::int64_t rows_per_page = 1'000;

/// A whole number of 0 or more from the query; nullopt when it is absent or something else.
std::optional<std::int64_t> number_in(std::string_view query, std::string_view name) {
  const auto text = http::query_parameter(query, name);
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size() || value < 0) return std::nullopt;
  return value;
}

http::Response read_audit(store::JobStore& store, const admin::Call& call) {
  const auto query = call.request.head.query();
  const auto limit = static_cast<std::size_t>(
      std::clamp<std::int64_t>(number_in(query, "limit").value_or(rows_shown), 1, rows_per_page));
  const auto after = number_in(query, "after");
  return admin::json_response(200, json::encode(api::AuditPage{store.read([&] {
                                return after ? store.audit().rows_after(*after, limit)
                                             : store.audit().last_rows(limit);
                              })}));
}

}  // namespace

void add_administration(admin::AdminSocket& socket, store::JobStore& store,
                        std::function<std::string()> metrics_text) {
  socket.add(admin::health_route("orchestrator", [&store] {
    const auto state = store.read([&] { return store.admin_state(); });
    return json::Object{{"paused", state.paused}};
  }));
  socket.add(
      {.method = "GET", .path = "/metrics", .handler = [text = std::move(metrics_text)](const admin::Call&) {
         return http::Response{.headers = {{"content-type", std::string{metrics::Registry::content_type}}},
                               .body = text()};
       }});
  socket.add({.method = "GET", .path = "/audit", .handler = [&store](const admin::Call& call) {
                return read_audit(store, call);
              }});
}

}  // namespace butler::orchestrator
