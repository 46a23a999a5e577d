#include "admin/admin_socket.hpp"

#include <utility>

#include "domain/timestamp.hpp"
#include "http/path_pattern.hpp"

namespace butler::admin {

namespace asio = boost::asio;

namespace {

constexpr std::size_t body_bytes = std::size_t{64} * 1024;

}  // namespace

http::Response json_response(int status, const json::Value& body) {
  return http::json_response(status, json::serialize(body));
}

http::Response error_response(int status, std::string_view code, std::string_view message) {
  return json_response(status, json::Object{{"error", code}, {"message", message}});
}

Route health_route(std::string role, std::function<json::Object()> more) {
  return {.method = "GET",
          .path = "/health",
          .handler = [role = std::move(role), more = std::move(more)](const Call&) {
            json::Object body{
                {"ok", true}, {"role", role}, {"ts", domain::to_iso8601(domain::wall_clock_now())}};
            if (more) {
              for (const auto& member : more()) body.insert_or_assign(member.key(), member.value());
            }
            return json_response(200, body);
          }};
}

Route metrics_route(const metrics::Registry& registry) {
  return {.method = "GET", .path = "/metrics", .handler = [&registry](const Call&) {
            return http::Response{.headers = {{"content-type", std::string{metrics::Registry::content_type}}},
                                  .body = registry.text()};
          }};
}

AdminSocket::AdminSocket(const asio::any_io_executor& executor, http::ListeningSocket socket)
    : server_(executor, {}, *this) {
  server_.listen(std::move(socket));
}

std::variant<http::Response, http::BodyLimit> AdminSocket::admit(const http::RequestHead&) {
  return http::BodyLimit{body_bytes};
}

asio::awaitable<void> AdminSocket::serve(http::Request request, http::Exchange& exchange) {
  http::Response response = answer(request);
  co_await exchange.send(std::move(response));
}

http::Response AdminSocket::answer(const http::Request& request) const {
  bool path_known = false;
  for (const auto& route : routes_) {
    auto parameters = http::match_path(route.path, request.head.path());
    if (!parameters) continue;
    if (route.method == request.head.method) {
      return route.handler({.request = request, .parameters = *std::move(parameters)});
    }
    path_known = true;
  }
  if (path_known) return error_response(405, "method_not_allowed", "this path takes another method");
  return error_response(404, "not_found", "there is no such path");
}

}  // namespace butler::admin
