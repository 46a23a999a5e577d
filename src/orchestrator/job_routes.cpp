#include <algorithm>
#include <charconv>

#include "api/describe.hpp"
#include "domain/limits.hpp"
#include "orchestrator/job_response.hpp"
#include "orchestrator/routes.hpp"

namespace butler::orchestrator {

namespace limits = domain::limits;

namespace {

/// The idempotency-key field: 1 to 255 visible ASCII characters.
Outcome<std::optional<std::string>> idempotency_key(const RouteRequest& call) {
  auto key = call.header("idempotency-key");
  if (!key) return std::nullopt;
  const bool visible = std::ranges::all_of(*key, [](char c) { return c > ' ' && c <= '~'; });
  if (key->empty() || key->size() > limits::idempotency_key || !visible) {
    return std::unexpected(invalid_request("idempotency-key", "must be 1 to 255 visible ASCII characters"));
  }
  return key;
}

Answer create_job(JobService& jobs, ArtifactService& artifacts, const RouteRequest& call) {
  const auto key = idempotency_key(call);
  if (!key) return to_response(key.error());
  const auto body = decode_body<api::CreateJobRequest>(call.request);
  if (!body) return to_response(body.error());
  const auto created = jobs.create(*body, *key, call.now.wall);
  if (!created) return to_response(created.error());
  if (created->is_new && body->attachments_from) {
    artifacts.inherit(*body->attachments_from, created->job.id, call.now.wall);
  }
  return job_response(created->job, created->is_new ? 201 : 200);
}

template <class Enum>
Outcome<std::optional<Enum>> query_name(const http::Request& request, std::string_view name) {
  const auto text = http::query_parameter(request.head.query(), name);
  if (!text || text->empty()) return std::nullopt;
  const auto value = domain::enum_from_name<Enum>(*text);
  if (!value) return std::unexpected(invalid_request(name, "unknown value '" + *text + "'"));
  return value;
}

Answer list_jobs(JobService& jobs, const RouteRequest& call) {
  const auto query = call.request.head.query();
  store::JobFilter filter;
  const auto status = query_name<domain::JobStatus>(call.request, "status");
  if (!status) return to_response(status.error());
  const auto limit = query_integer(call.request, "limit", 50);
  if (!limit) return to_response(limit.error());
  filter.status = *status;
  filter.chat_id = http::query_parameter(query, "chatId");
  filter.requester_id = http::query_parameter(query, "requesterId");
  filter.session_key = http::query_parameter(query, "sessionKey");
  filter.before = http::query_parameter(query, "before");
  filter.limit = static_cast<std::size_t>(std::clamp<std::int64_t>(*limit, 1, limits::jobs_per_page));
  const auto list = jobs.list(filter);
  if (!list) return to_response(list.error());
  return http::json_response(200, json::to_text(*list));
}

/// GET …/:jobId, with `wait` and `ifUpdatedAfter`: answers when the job has changed after that time.
Answer get_job(JobService& jobs, const RouteRequest& call) {
  const auto wait = query_wait(call.request);
  if (!wait) return to_response(wait.error());
  std::optional<domain::Timestamp> after;
  if (const auto text = http::query_parameter(call.request.head.query(), "ifUpdatedAfter")) {
    after = domain::from_iso8601(*text);
    if (!after)
      return to_response(invalid_request("ifUpdatedAfter", "expected a time like 2026-11-22T09:54:39.123Z"));
  }
  const std::string& id = call.job_id();
  return answer_or_park({{Topic::Kind::job, id}}, after ? *wait : std::chrono::seconds{0}, call.now,
                        [&jobs, id, after](bool last) -> std::optional<http::Response> {
                          const auto job = jobs.get(id);
                          if (job && after && job->updated_at <= *after && !last) return std::nullopt;
                          return job_response(job);
                        });
}

std::string server_sent_events(const api::EventPage& page) {
  std::string text;
  for (const auto& event : page.events) {
    text += "id: " + std::to_string(event.seq.value_or(0)) +
            "\nevent: " + std::string{domain::enum_name(event.type)} + "\ndata: " + json::to_text(event) +
            "\n\n";
  }
  return text;
}

constexpr std::chrono::seconds comment_interval{15};

/// One step of a stream: what is new after the cursor, or a comment when nothing came for a while. The first
/// step does not wait, so that the client sees the stream begin. The application asks for the next step with
/// the cursor in `x-next-cursor`, until the job's last event.
Answer stream_events(JobService& jobs, const RouteRequest& call) {
  const auto cursor = query_integer(call.request, "cursor", 0);
  if (!cursor) return to_response(cursor.error());
  std::int64_t from = *cursor;
  if (const auto last = call.header("last-event-id")) {
    const auto [stop, error] = std::from_chars(last->data(), last->data() + last->size(), from);
    if (error != std::errc{} || stop != last->data() + last->size() || from < 0) {
      return to_response(invalid_request("last-event-id", "expected a whole number, 0 or more"));
    }
  }
  const std::string& id = call.job_id();
  const auto look = [&jobs, id, from](bool last) -> std::optional<http::Response> {
    const auto page = jobs.events(id, from);
    if (!page) return to_response(page.error());
    const auto job = jobs.get(id);
    const bool ended = job && domain::is_terminal(job->status) && page->next_cursor >= from;
    if (page->events.empty() && !ended && !last) return std::nullopt;
    http::Response step;
    step.status = page->events.empty() && ended ? 204 : 200;
    step.headers.add("content-type", "text/event-stream");
    step.headers.add("cache-control", "no-store");
    step.headers.add("x-next-cursor", std::to_string(page->next_cursor));
    step.body = page->events.empty() && !ended ? ": still here\n\n" : server_sent_events(*page);
    return step;
  };
  const auto wait = call.header(stream_goes_on) ? comment_interval : std::chrono::seconds{0};
  return answer_or_park({{Topic::Kind::events, id}}, wait, call.now, look);
}

Answer read_events(JobService& jobs, const RouteRequest& call) {
  if (call.header("accept").value_or("").starts_with("text/event-stream")) return stream_events(jobs, call);
  const auto cursor = query_integer(call.request, "cursor", 0);
  if (!cursor) return to_response(cursor.error());
  const auto wait = query_wait(call.request);
  if (!wait) return to_response(wait.error());
  const std::string& id = call.job_id();
  return answer_or_park({{Topic::Kind::events, id}}, *wait, call.now,
                        [&jobs, id, from = *cursor](bool last) -> std::optional<http::Response> {
                          const auto page = jobs.events(id, from);
                          if (!page) return to_response(page.error());
                          if (page->events.empty() && !last) return std::nullopt;
                          return http::json_response(200, json::to_text(*page));
                        });
}

Answer approve_job(JobService& jobs, const RouteRequest& call) {
  const auto body = decode_body<api::ApproveRequest>(call.request);
  if (!body) return to_response(body.error());
  return job_response(jobs.approve(call.job_id(), *body, call.now.wall));
}

Answer abort_job(JobService& jobs, const RouteRequest& call) {
  const auto body = decode_body<api::AbortRequest>(call.request);
  if (!body) return to_response(body.error());
  return job_response(jobs.abort(call.job_id(), *body, call.now.wall));
}

Answer send_message(JobService& jobs, const RouteRequest& call) {
  const auto key = idempotency_key(call);
  if (!key) return to_response(key.error());
  const auto body = decode_body<api::MessageRequest>(call.request);
  if (!body) return to_response(body.error());
  const auto sent = jobs.send_message(call.job_id(), *body, *key, call.now.wall);
  if (!sent) return to_response(sent.error());
  return json_response(202, json::Object{{"ok", true}});
}

/// GET /v1/deliveries: waits until a job has ended for the receiver.
Answer read_deliveries(JobService& jobs, const RouteRequest& call) {
  const auto receiver = http::query_parameter(call.request.head.query(), "deliverTo");
  if (!receiver || receiver->empty()) return to_response(invalid_request("deliverTo", "is required"));
  const auto after = query_integer(call.request, "after", 0);
  if (!after) return to_response(after.error());
  const auto limit = query_integer(call.request, "limit", limits::deliveries_per_page);
  if (!limit) return to_response(limit.error());
  const auto wait = query_wait(call.request);
  if (!wait) return to_response(wait.error());
  const auto count =
      static_cast<std::size_t>(std::clamp<std::int64_t>(*limit, 1, limits::deliveries_per_page));
  return answer_or_park(
      {{Topic::Kind::deliveries, *receiver}}, *wait, call.now,
      [&jobs, to = *receiver, from = *after, count](bool last) -> std::optional<http::Response> {
        const auto found = jobs.deliveries(to, from, count);
        if (found.empty() && !last) return std::nullopt;
        json::Array list;
        for (const auto& delivery : found) {
          auto item = json::encode(delivery.job);
          item.as_object().emplace("deliverySeq", delivery.delivery_seq);
          list.push_back(std::move(item));
        }
        return json_response(200, json::Object{{"jobs", std::move(list)}});
      });
}

Answer acknowledge_delivery(JobService& jobs, const RouteRequest& call) {
  const auto done = jobs.acknowledge_delivery(call.job_id());
  if (!done) return to_response(done.error());
  return json_response(200, json::Object{{"ok", true}});
}

Handler on_jobs(Answer (*handler)(JobService&, const RouteRequest&), JobService& jobs) {
  return [handler, &jobs](const RouteRequest& call) { return handler(jobs, call); };
}

}  // namespace

void add_job_routes(RouteTable& routes, JobService& jobs, ArtifactService& artifacts) {
  constexpr auto gateway = Caller::gateway;
  constexpr auto body = limits::body_bytes;
  routes.add({"POST", "/v1/jobs", gateway, body,
              [&](const RouteRequest& call) { return create_job(jobs, artifacts, call); }});
  routes.add_reading({"GET", "/v1/jobs", gateway, 0, on_jobs(list_jobs, jobs)});
  routes.add_reading({"GET", "/v1/jobs/:jobId", gateway, 0, on_jobs(get_job, jobs)});
  routes.add_reading({"GET", "/v1/jobs/:jobId/events", gateway, 0, on_jobs(read_events, jobs)});
  routes.add({"POST", "/v1/jobs/:jobId/approve", gateway, body, on_jobs(approve_job, jobs)});
  routes.add({"POST", "/v1/jobs/:jobId/abort", gateway, body, on_jobs(abort_job, jobs)});
  routes.add({"POST", "/v1/jobs/:jobId/messages", gateway, body, on_jobs(send_message, jobs)});
}

void add_delivery_routes(RouteTable& routes, JobService& jobs) {
  routes.add_reading({"GET", "/v1/deliveries", Caller::gateway, 0, on_jobs(read_deliveries, jobs)});
  routes.add({"POST", "/v1/deliveries/:jobId/ack", Caller::gateway, limits::body_bytes,
              on_jobs(acknowledge_delivery, jobs)});
}

}  // namespace butler::orchestrator
