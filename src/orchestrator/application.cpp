#include "orchestrator/application.hpp"

#include "log/log.hpp"
#include "store/job_store.hpp"

namespace butler::orchestrator {

namespace asio = boost::asio;

namespace {

bool is_event_stream(const http::Response& response) {
  return response.headers.find("x-next-cursor").has_value();
}

bool has_terminal_event(const std::string& steps) {
  return steps.find("event: job_finished\n") != std::string::npos ||
         steps.find("event: job_failed\n") != std::string::npos ||
         steps.find("event: job_aborted\n") != std::string::npos;
}

/// Lines that are logged when a parked request is asked again carry its id too.
std::function<std::optional<http::Response>(Waking)> in_request(
    const std::string& request_id, std::function<std::optional<http::Response>(Waking)> again) {
  return [request_id, again = std::move(again)](Waking waking) {
    const log::Scope scope("request", request_id);
    return again(waking);
  };
}

http::Response unavailable() {
  return error_response(503, "unavailable", "the orchestrator takes no requests now");
}

}  // namespace

bool ApiApplication::may_call(Caller caller, const http::RequestHead& head) const {
  if (caller == Caller::anyone) return true;
  const auto token = presented_token(head);
  const auto& expected = caller == Caller::gateway ? settings_.gateway_token : settings_.worker_token;
  return token && same_secret(*token, expected);
}

std::variant<http::Response, http::BodyLimit> ApiApplication::admit(const http::RequestHead& head) {
  const auto match = routes_.find(head.method, head.path());
  auto decision = decide(head, match);
  if (const auto* refusal = std::get_if<http::Response>(&decision)) count(head.method, match.route, *refusal);
  return decision;
}

std::variant<http::Response, http::BodyLimit> ApiApplication::decide(const http::RequestHead& head,
                                                                     const RouteTable::Match& match) const {
  if (closed_) return unavailable();
  if (is_from_web_page(head)) {
    return error_response(403, "forbidden", "this address is for Butler's own programs, not for web pages");
  }
  if (!hosts_.has(head)) {
    return error_response(403, "forbidden",
                          "this orchestrator may not be called by the name in the Host field; "
                          "ORCH_ALLOWED_HOSTS lists more names");
  }
  if (match.route != nullptr) {
    if (!may_call(match.route->caller, head)) {
      return error_response(401, "unauthorized", "a valid x-api-key for this route is required");
    }
    if (!match.route->upload) return http::BodyLimit{match.route->body_limit};
    auto sink = match.route->upload(head, match.parameters);
    if (!sink) return to_response(sink.error());
    return http::BodyLimit{match.route->body_limit, *std::move(sink)};
  }
  // What exists is told only to those who may call something.
  if (!may_call(Caller::gateway, head) && !may_call(Caller::worker, head)) {
    return error_response(401, "unauthorized", "a valid x-api-key is required");
  }
  if (match.path_known) return error_response(405, "method_not_allowed", "this path takes another method");
  return error_response(404, "not_found", "there is no such path");
}

/// What met no route has no method of ours either: the names that a client makes up are not kept.
void ApiApplication::count(std::string_view method, const Route* route, const http::Response& response) {
  measures_.answered(route == nullptr ? "" : method, route == nullptr ? "" : route->path, response.status);
  if (response.status != 409) return;
  const auto body = json::parse(response.body);
  measures_.conflicted(body ? json::find_string(*body, "error") : "");
}

std::string ApiApplication::new_request_id() { return id_prefix_ + std::to_string(++requests_); }

asio::awaitable<http::Response> ApiApplication::answer(const http::Request& request,
                                                       const RouteTable::Match& match, std::string request_id,
                                                       http::Exchange& exchange) {
  CommitQueue::Unit unit = [&request, &request_id, &match]() -> Answer {
    const log::Scope scope("request", request_id);
    auto outcome = match.route->handler(RouteRequest{request, match.parameters, now_on_both_clocks()});
    if (auto* park = std::get_if<Park>(&outcome))
      park->again = in_request(request_id, std::move(park->again));
    return outcome;
  };
  try {
    if (match.route->reads) co_return co_await commits_.answer_reading(std::move(unit), exchange);
    co_return co_await commits_.answer(std::move(unit), exchange);
  } catch (const StoreAway& away) {
    log::error("store.away",
               {{"error", away.what()}, {"path", request.head.path()}, {"request", request_id}});
  } catch (const store::StoreFault& error) {
    log::error("store.error",
               {{"error", error.what()}, {"path", request.head.path()}, {"request", request_id}});
  }
  co_return unavailable();
}

asio::awaitable<void> ApiApplication::serve(http::Request request, http::Exchange& exchange) {
  const std::string request_id = new_request_id();
  const auto match = routes_.find(request.head.method, request.head.path());
  try {
    auto response = co_await answer(request, match, request_id, exchange);
    count(request.head.method, match.route, response);
    response.headers.add("x-request-id", request_id);
    if (response.status == 200 && is_event_stream(response)) {
      co_await stream(std::move(request), match, request_id, std::move(response), exchange);
      co_return;
    }
    co_await exchange.send(std::move(response));
  } catch (const ClientGone& gone) {
    log::debug("client.gone",
               {{"reason", gone.what()}, {"request", request_id}});  // nobody is left to answer
  }
}

asio::awaitable<void> ApiApplication::stream(http::Request request, const RouteTable::Match& match,
                                             std::string request_id, http::Response first,
                                             http::Exchange& exchange) {
  http::Response head;
  head.headers.add("content-type", "text/event-stream");
  head.headers.add("cache-control", "no-store");
  head.headers.add("x-request-id", request_id);
  co_await exchange.begin_stream(std::move(head));
  auto step = std::move(first);
  for (;;) {
    if (step.status != 200) co_return;  // nothing is left, or the store is away: the client comes back
    const bool last = has_terminal_event(step.body);
    const std::string cursor{step.headers.find("x-next-cursor").value_or("0")};
    const bool taken = co_await exchange.write(std::move(step.body));
    if (!taken || last || closed_) co_return;
    http::Request next = request;
    next.head.headers = {
        {"accept", "text/event-stream"}, {"last-event-id", cursor}, {std::string{stream_goes_on}, "1"}};
    step = co_await answer(next, match, request_id, exchange);
  }
}

}  // namespace butler::orchestrator
