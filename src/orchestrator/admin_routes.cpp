#include "api/describe.hpp"
#include "metrics/registry.hpp"
#include "orchestrator/routes.hpp"

namespace butler::orchestrator {

namespace {

Answer pause(JobService& jobs, const RouteRequest& call) {
  const auto body = decode_body<api::PauseRequest>(call.request);
  if (!body) return to_response(body.error());
  const auto paused = jobs.pause(*body, call.now.wall);
  if (!paused) return to_response(paused.error());
  return json_response(200, json::encode(api::AdminAnswer{paused->state, paused->aborted}));
}

Answer resume(JobService& jobs, const RouteRequest& call) {
  const auto body = decode_body<api::ResumeRequest>(call.request);
  if (!body) return to_response(body.error());
  return json_response(200, json::encode(api::AdminAnswer{jobs.resume(*body, call.now.wall), {}}));
}

}  // namespace

void add_admin_routes(RouteTable& routes, JobService& jobs, store::JobStore& store) {
  constexpr auto gateway = Caller::gateway;
  constexpr auto body = domain::limits::body_bytes;
  routes.add_reading({"GET", "/health", Caller::anyone, 0, [&jobs](const RouteRequest& call) -> Answer {
                        return json_response(
                            200, json::encode(api::HealthAnswer{true, call.now.wall, jobs.admin_state()}));
                      }});
  routes.add({"GET", "/ready", Caller::anyone, 0, [&store](const RouteRequest&) -> Answer {
                store.prove_writable();
                return json_response(200, json::Object{{"ok", true}});
              }});
  routes.add_reading({"GET", "/v1/admin/state", gateway, 0, [&jobs](const RouteRequest&) -> Answer {
                        return json_response(200, json::encode(api::AdminAnswer{jobs.admin_state(), {}}));
                      }});
  routes.add({"POST", "/v1/admin/pause", gateway, body,
              [&jobs](const RouteRequest& call) { return pause(jobs, call); }});
  routes.add({"POST", "/v1/admin/resume", gateway, body,
              [&jobs](const RouteRequest& call) { return resume(jobs, call); }});
}

void add_metrics_route(RouteTable& routes, std::function<std::string()> text) {
  routes.add_reading(
      {"GET", "/metrics", Caller::gateway, 0, [text = std::move(text)](const RouteRequest&) -> Answer {
         return http::Response{.headers = {{"content-type", std::string{metrics::Registry::content_type}}},
                               .body = text()};
       }});
}

}  // namespace butler::orchestrator
