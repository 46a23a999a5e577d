#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <vector>

#include "http/server.hpp"
#include "json/value.hpp"
#include "metrics/registry.hpp"

/// How gateway and worker are administered: HTTP on a unix socket, which only its owner can connect to.
namespace butler::admin {

/// A request as a handler sees it.
struct Call {
  const http::Request& request;
  std::vector<std::string> parameters = {};  ///< what the path has in the places of ":name", decoded
};

/// Answers at once; what takes longer is begun here. An exception is answered with 500 and logged.
using Handler = std::function<http::Response(const Call&)>;

struct Route {
  std::string method;  ///< upper case
  std::string path;    ///< "/pairings/:id"
  Handler handler;
};

/// `GET /health`: 200 `{"ok": true, "role", "ts"}` and what `more` gives.
Route health_route(std::string role, std::function<json::Object()> more = {});

/// `GET /metrics`: the registry, which must outlive the route, in Prometheus's text format.
Route metrics_route(const metrics::Registry& registry);

/// A response of JSON.
http::Response json_response(int status, const json::Value& body);

/// `{"error": code, "message": message}`.
http::Response error_response(int status, std::string_view code, std::string_view message);

/// Serves a role's routes. There is no other check of who calls than the file's mode: who may connect may
/// call everything. Unknown paths are 404, other methods 405, bodies above 64 KiB 413.
class AdminSocket final : private http::Application {
 public:
  AdminSocket(const boost::asio::any_io_executor& executor, http::ListeningSocket socket);

  void add(Route route) { routes_.push_back(std::move(route)); }

  /// Serves until cancelled, and removes the socket's file then.
  boost::asio::awaitable<void> run() { return server_.run(); }

 private:
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& head) override;
  boost::asio::awaitable<void> serve(http::Request request, http::Exchange& exchange) override;
  http::Response answer(const http::Request& request) const;

  std::vector<Route> routes_;
  http::Server server_;
};

}  // namespace butler::admin
