#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/types.hpp"
#include "domain/limits.hpp"
#include "http/body.hpp"
#include "http/types.hpp"
#include "orchestrator/access.hpp"
#include "orchestrator/answer.hpp"
#include "orchestrator/lease_service.hpp"
#include "orchestrator/refusal.hpp"

namespace butler::orchestrator {

/// A request as a handler sees it.
struct RouteRequest {
  const http::Request& request;
  std::vector<std::string> parameters;  ///< what the path has in the places of ":name", decoded
  LeaseService::Now now;

  const std::string& job_id() const { return parameters.front(); }
  std::optional<std::string> header(std::string_view name) const;
};

/// Field of the requests that the application makes itself for the next step of a stream.
inline constexpr std::string_view stream_goes_on = "x-stream-goes-on";

/// Synchronous, inside a unit of the store, or a look at it.
using Handler = std::function<Answer(const RouteRequest&)>;

/// Decides on the head of a request, and its path's parameters, before the body is read: what takes the body
/// as it comes. Not inside a unit: it may only read.
using Upload = std::function<Outcome<std::shared_ptr<http::BodySink>>(const http::RequestHead&,
                                                                      const std::vector<std::string>&)>;

/// A line of the API: who may call what, and how long its body may be.
struct Route {
  std::string_view method;
  std::string_view path;  ///< "/v1/jobs/:jobId/events"
  Caller caller = Caller::gateway;
  std::size_t body_limit = domain::limits::body_bytes;
  Handler handler;
  Upload upload = {};  ///< of a route whose body is never whole in memory
  bool reads = false;  ///< its handler only asks the store: it runs in a look at it, not in a batch
};

/// All routes; found by method and path.
class RouteTable {
 public:
  void add(Route route) { routes_.push_back(std::move(route)); }
  /// A route whose handler only asks the store.
  void add_reading(Route route) {
    route.reads = true;
    add(std::move(route));
  }
  const std::vector<Route>& routes() const { return routes_; }

  struct Match {
    const Route* route = nullptr;
    std::vector<std::string> parameters;
    bool path_known = false;  ///< some route has this path: another method gets 405, not 404
  };
  Match find(std::string_view method, std::string_view path) const;

 private:
  std::vector<Route> routes_;
};

/// Reads the body: absent is {} (required fields are then missed by name), wrong content types are 415.
template <class T>
Outcome<T> decode_body(const http::Request& request);

/// A whole number from the query, `otherwise` when it is absent.
Outcome<std::int64_t> query_integer(const http::Request& request, std::string_view name,
                                    std::int64_t otherwise);

/// The `wait` parameter, cut to its bound.
Outcome<std::chrono::seconds> query_wait(const http::Request& request);

/// Answers now, or parks until a topic is touched or the wait is over. `look` returns a response, or nullopt
/// while there is nothing to say; at the deadline `last` is true and it must answer.
Answer answer_or_park(std::vector<Topic> topics, std::chrono::seconds wait, LeaseService::Now now,
                      std::function<std::optional<http::Response>(bool last)> look);

/// Both clocks now.
LeaseService::Now now_on_both_clocks();

}  // namespace butler::orchestrator

#include "json/codec.hpp"
#include "json/short_lived.hpp"

namespace butler::orchestrator {

/// The part of decode_body() that does not depend on the type.
Outcome<json::Value> body_value(const http::Request& request, json::ShortLived& memory);

template <class T>
Outcome<T> decode_body(const http::Request& request) {
  json::ShortLived memory(request.body.size());
  const auto value = body_value(request, memory);
  if (!value) return std::unexpected(value.error());
  auto decoded = json::decode<T>(*value);
  if (!decoded) return std::unexpected(invalid_request(decoded.error()));
  return *std::move(decoded);
}

}  // namespace butler::orchestrator
