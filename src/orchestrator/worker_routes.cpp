#include <algorithm>

#include "api/describe.hpp"
#include "domain/limits.hpp"
#include "orchestrator/job_response.hpp"
#include "orchestrator/routes.hpp"

namespace butler::orchestrator {

namespace limits = domain::limits;

namespace {

/// POST /v1/workers/claim: waits until there is a job for this worker.
Answer claim(LeaseService& leases, const RouteRequest& call) {
  const auto body = decode_body<api::ClaimRequest>(call.request);
  if (!body) return to_response(body.error());
  const auto wait = std::min(std::chrono::seconds{std::max<std::int64_t>(body->wait_seconds.value_or(0), 0)},
                             std::chrono::seconds{limits::wait});
  return answer_or_park({{Topic::Kind::claim}}, wait, call.now,
                        [&leases, request = *body, waits = std::shared_ptr<void>()](
                            bool last) mutable -> std::optional<http::Response> {
                          const auto claimed = leases.claim(request, now_on_both_clocks());
                          if (!claimed) return to_response(claimed.error());
                          if (!waits) waits = leases.sightings().waits(request.worker_id);
                          if (*claimed) return http::json_response(200, json::to_text(**claimed));
                          if (!last) return std::nullopt;
                          return json_response(200, json::Object{{"job", nullptr}});
                        });
}

Answer report_events(LeaseService& leases, const RouteRequest& call) {
  const auto body = decode_body<api::ReportEventsRequest>(call.request);
  if (!body) return to_response(body.error());
  const auto done = leases.report_events(call.job_id(), call.header("x-lease-token"), *body, call.now);
  if (!done) return to_response(done.error());
  return json_response(202, json::Object{{"ok", true}});
}

/// GET …/heartbeat: with `wait` it answers at once when there is news, else after at most a third of the
/// lease.
Answer heartbeat(LeaseService& leases, const RouteRequest& call) {
  const auto ack = query_integer(call.request, "ack", 0);
  if (!ack) return to_response(ack.error());
  const auto wait = query_wait(call.request);
  if (!wait) return to_response(wait.error());
  const auto longest = std::chrono::duration_cast<std::chrono::seconds>(leases.lease() / 3);
  const std::string& id = call.job_id();
  return answer_or_park({{Topic::Kind::lease, id}, {Topic::Kind::job, id}}, std::min(*wait, longest),
                        call.now,
                        [&leases, id, token = call.header("x-lease-token"),
                         through = *ack](bool last) -> std::optional<http::Response> {
                          const auto beat = leases.heartbeat(id, token, through, now_on_both_clocks());
                          if (!beat) return to_response(beat.error());
                          if (!beat->has_news && !last) return std::nullopt;
                          return http::json_response(200, json::to_text(beat->answer));
                        });
}

Answer complete(LeaseService& leases, const RouteRequest& call) {
  const auto body = decode_body<api::CompleteRequest>(call.request);
  if (!body) return to_response(body.error());
  const auto done = leases.complete(call.job_id(), call.header("x-lease-token"), *body, call.now);
  if (!done) return to_response(done.error());
  std::string answer = R"({"job":)" + json::to_text(done->job);
  if (done->with_next) {
    answer.append(R"(,"next":)").append(done->next ? json::to_text(*done->next) : "null");
  }
  return http::json_response(200, std::move(answer.append("}")));
}

Answer fail(LeaseService& leases, const RouteRequest& call) {
  const auto body = decode_body<api::FailRequest>(call.request);
  if (!body) return to_response(body.error());
  return job_response(leases.fail(call.job_id(), call.header("x-lease-token"), *body, call.now));
}

Answer acknowledge_abort(LeaseService& leases, const RouteRequest& call) {
  const auto body = decode_body<api::AbortedRequest>(call.request);
  if (!body) return to_response(body.error());
  return job_response(leases.acknowledge_abort(call.job_id(), call.header("x-lease-token"), *body, call.now));
}

Handler on_leases(Answer (*handler)(LeaseService&, const RouteRequest&), LeaseService& leases) {
  return [handler, &leases](const RouteRequest& call) { return handler(leases, call); };
}

}  // namespace

void add_worker_routes(RouteTable& routes, LeaseService& leases) {
  constexpr auto worker = Caller::worker;
  routes.add({"POST", "/v1/workers/claim", worker, limits::body_bytes, on_leases(claim, leases)});
  routes.add_reading(
      {"GET", "/v1/admin/workers", Caller::gateway, 0, [&leases](const RouteRequest& call) -> Answer {
         return json_response(200, json::encode(api::WorkerPresenceList{leases.workers(call.now)}));
       }});
  routes.add({"POST", "/v1/workers/:jobId/events", worker, limits::events_body_bytes,
              on_leases(report_events, leases)});
  routes.add({"GET", "/v1/workers/:jobId/heartbeat", worker, 0, on_leases(heartbeat, leases)});
  routes.add({"POST", "/v1/workers/:jobId/complete", worker, limits::complete_body_bytes,
              on_leases(complete, leases)});
  routes.add({"POST", "/v1/workers/:jobId/fail", worker, limits::body_bytes, on_leases(fail, leases)});
  routes.add({"POST", "/v1/workers/:jobId/aborted", worker, limits::body_bytes,
              on_leases(acknowledge_abort, leases)});
}

}  // namespace butler::orchestrator
