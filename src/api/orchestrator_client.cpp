#include "api/orchestrator_client.hpp"

#include <algorithm>

#include "api/answers.hpp"
#include "api/describe.hpp"

namespace butler::api {

using std::chrono::seconds;
template <class T>
using Outcome = std::expected<T, CallError>;

namespace {

/// Below a usual lease: when an orchestrator hangs, another one is still told of the job's end in time.
seconds completion_time(const std::string& body) {
  constexpr std::size_t mebibyte = std::size_t{1} << 20;
  return answer_time + seconds{2 * (body.size() / mebibyte)};
}

/// How long a heartbeat's answer may take beyond its wait, which is a third of the lease: another
/// orchestrator has to hear of the worker before the lease is over.
seconds heartbeat_time(seconds wait) { return wait + std::clamp(wait, seconds{5}, answer_time); }

/// Jobs come with their whole text: that many of the largest fit into the response limit.
constexpr int deliveries_per_call = 10;
constexpr std::size_t response_limit = std::size_t{128} * 1024 * 1024;

/// A member that is an object, or an empty optional when it is null or absent.
Outcome<std::optional<ClaimedJob>> claimed(const json::Value* value) {
  if (value == nullptr || value->is_null()) return std::nullopt;
  return decode_answer<ClaimedJob>(*value);
}

Outcome<domain::Job> job_of(const Outcome<json::Value>& answer) {
  if (!answer) return std::unexpected(answer.error());
  auto decoded = decode_answer<JobAnswer>(*answer);
  if (!decoded) return std::unexpected(decoded.error());
  return std::move(decoded->job);
}

Outcome<AdminState> admin_of(const Outcome<json::Value>& answer) {
  if (!answer) return std::unexpected(answer.error());
  const auto decoded = decode_answer<AdminAnswer>(*answer);
  if (!decoded) return std::unexpected(decoded.error());
  return decoded->admin;
}

Outcome<Approval> approval_of(const Outcome<json::Value>& answer) {
  if (!answer) return std::unexpected(answer.error());
  auto decoded = decode_answer<ApprovalAnswer>(*answer);
  if (!decoded) return std::unexpected(decoded.error());
  return std::move(decoded->approval);
}

Outcome<std::vector<Delivery>> deliveries_of(const json::Value& answer) {
  const json::Value* jobs = json::find(answer, "jobs");
  if (jobs == nullptr || !jobs->is_array()) return std::unexpected(unreachable("unreadable answer: jobs"));
  std::vector<Delivery> deliveries;
  for (const json::Value& item : jobs->get_array()) {
    auto job = decode_answer<domain::Job>(item);
    if (!job) return std::unexpected(job.error());
    const auto sequence = json::find_integer(item, "deliverySeq", -1);
    if (sequence < 0) return std::unexpected(unreachable("unreadable answer: deliverySeq"));
    deliveries.push_back({.job = *std::move(job), .delivery_seq = sequence});
  }
  return deliveries;
}

Outcome<void> nothing_of(const Outcome<json::Value>& answer) {
  if (!answer) return std::unexpected(answer.error());
  return {};
}

std::string path_of(std::string_view collection, std::string_view job_id, std::string_view rest) {
  return std::string{collection}.append(http::percent_encode(job_id)).append(rest);
}

std::string job_path(std::string_view job_id, std::string_view rest) {
  return path_of("/v1/jobs/", job_id, rest);
}
std::string worker_path(std::string_view job_id, std::string_view rest) {
  return path_of("/v1/workers/", job_id, rest);
}

std::string number(std::int64_t value) { return std::to_string(value); }

std::string list_target(const JobQuery& query) {
  std::string target = "/v1/jobs?limit=" + std::to_string(query.limit);
  const auto add = [&](std::string_view name, std::string_view value) {
    target.append("&").append(name).append("=").append(http::percent_encode(value));
  };
  if (query.status) add("status", domain::enum_name(*query.status));
  if (query.chat_id) add("chatId", *query.chat_id);
  if (query.requester_id) add("requesterId", *query.requester_id);
  if (query.session_key) add("sessionKey", *query.session_key);
  if (query.before) add("before", *query.before);
  return target;
}

http::Headers lease(std::string token) { return {{"x-lease-token", std::move(token)}}; }

}  // namespace

OrchestratorClient::OrchestratorClient(const boost::asio::any_io_executor& executor, http::Url base,
                                       std::string token, std::string authorities)
    : OrchestratorClient(executor, std::vector{std::move(base)}, std::move(token), std::move(authorities)) {}

OrchestratorClient::OrchestratorClient(const boost::asio::any_io_executor& executor,
                                       std::vector<http::Url> bases, std::string token,
                                       std::string authorities)
    : client_(executor, std::move(bases), {.response_limit = response_limit},
              {.text = std::move(authorities), .setting = "ORCH_TLS_CA"}),
      token_(std::move(token)) {}

Call<json::Value> OrchestratorClient::call(Method method, std::string target, std::string body,
                                           seconds patience, http::Headers extra) {
  http::Request request{.head = {.method = method == Method::get ? "GET" : "POST",
                                 .target = std::move(target),
                                 .headers = std::move(extra)},
                        .body = std::move(body)};
  request.head.headers.add("x-api-key", token_);
  request.head.headers.add("accept", "application/json");
  if (method == Method::post) request.head.headers.add("content-type", "application/json");

  const auto response = co_await client_.send(std::move(request), patience);
  if (!response) co_return std::unexpected(unreachable(response.error().message));
  if (!is_success(response->status)) co_return std::unexpected(error_of(*response));
  auto value = json::parse(response->body);
  if (!value) co_return std::unexpected(unreachable("unreadable answer: " + value.error()));
  co_return *std::move(value);
}

Call<domain::Job> OrchestratorClient::create_job(std::string idempotency_key, std::string body) {
  http::Headers extra{{"idempotency-key", std::move(idempotency_key)}};
  const auto answer = co_await call(Method::post, "/v1/jobs", std::move(body), answer_time, std::move(extra));
  co_return job_of(answer);
}

Call<domain::Job> OrchestratorClient::get_job(std::string job_id) {
  std::string target = job_path(job_id, "");
  const auto answer = co_await call(Method::get, std::move(target), {}, answer_time, {});
  co_return job_of(answer);
}

Call<domain::Job> OrchestratorClient::await_job(std::string job_id, domain::Timestamp updated_after,
                                                seconds wait) {
  const std::string since = http::percent_encode(domain::to_iso8601(updated_after));
  std::string target = job_path(job_id, "?wait=" + number(wait.count()) + "&ifUpdatedAfter=" + since);
  const auto answer = co_await call(Method::get, std::move(target), {}, wait + answer_time, {});
  co_return job_of(answer);
}

Call<JobList> OrchestratorClient::list_jobs(JobQuery query) {
  std::string target = list_target(query);
  const auto answer = co_await call(Method::get, std::move(target), {}, answer_time, {});
  if (!answer) co_return std::unexpected(answer.error());
  co_return decode_answer<JobList>(*answer);
}

Call<EventPage> OrchestratorClient::events(std::string job_id, std::int64_t cursor, seconds wait) {
  std::string target = job_path(job_id, "/events?cursor=" + number(cursor) + "&wait=" + number(wait.count()));
  const auto answer = co_await call(Method::get, std::move(target), {}, wait + answer_time, {});
  if (!answer) co_return std::unexpected(answer.error());
  co_return decode_answer<EventPage>(*answer);
}

Call<domain::Job> OrchestratorClient::approve(std::string job_id, ApproveRequest request) {
  std::string target = job_path(job_id, "/approve");
  std::string body = json::serialize(json::encode(request));
  const auto answer = co_await call(Method::post, std::move(target), std::move(body), answer_time, {});
  co_return job_of(answer);
}

Call<domain::Job> OrchestratorClient::abort(std::string job_id, AbortRequest request) {
  std::string target = job_path(job_id, "/abort");
  std::string body = json::serialize(json::encode(request));
  const auto answer = co_await call(Method::post, std::move(target), std::move(body), answer_time, {});
  co_return job_of(answer);
}

Call<void> OrchestratorClient::send_message(std::string job_id, std::string idempotency_key,
                                            MessageRequest request) {
  std::string target = job_path(job_id, "/messages");
  std::string body = json::serialize(json::encode(request));
  http::Headers extra{{"idempotency-key", std::move(idempotency_key)}};
  const auto answer =
      co_await call(Method::post, std::move(target), std::move(body), answer_time, std::move(extra));
  co_return nothing_of(answer);
}

Call<std::vector<Approval>> OrchestratorClient::approvals(std::string job_id) {
  std::string target = job_path(job_id, "/approvals");
  const auto answer = co_await call(Method::get, std::move(target), {}, answer_time, {});
  if (!answer) co_return std::unexpected(answer.error());
  auto list = decode_answer<ApprovalList>(*answer);
  if (!list) co_return std::unexpected(list.error());
  co_return std::move(list->approvals);
}

Call<Approval> OrchestratorClient::decide_approval(std::string job_id, std::string approval_id,
                                                   DecideApprovalRequest request) {
  std::string target = job_path(job_id, "/approvals/") + http::percent_encode(approval_id);
  std::string body = json::serialize(json::encode(request));
  const auto answer = co_await call(Method::post, std::move(target), std::move(body), answer_time, {});
  co_return approval_of(answer);
}

Call<std::vector<StandingDecision>> OrchestratorClient::standing_decisions() {
  const auto answer = co_await call(Method::get, "/v1/decisions", {}, answer_time, {});
  if (!answer) co_return std::unexpected(answer.error());
  auto list = decode_answer<StandingDecisionList>(*answer);
  if (!list) co_return std::unexpected(list.error());
  co_return std::move(list->decisions);
}

Call<void> OrchestratorClient::revoke_decision(std::int64_t id, RevokeDecisionRequest request) {
  std::string target = "/v1/decisions/" + number(id) + "/revoke";
  std::string body = json::serialize(json::encode(request));
  const auto answer = co_await call(Method::post, std::move(target), std::move(body), answer_time, {});
  co_return nothing_of(answer);
}

Call<Approval> OrchestratorClient::request_approval(std::string job_id, std::string lease_token,
                                                    ApprovalRequest request) {
  std::string target = worker_path(job_id, "/approvals");
  std::string body = json::serialize(json::encode(request));
  http::Headers extra = lease(std::move(lease_token));
  const auto answer =
      co_await call(Method::post, std::move(target), std::move(body), answer_time, std::move(extra));
  co_return approval_of(answer);
}

Call<std::vector<Delivery>> OrchestratorClient::deliveries(std::string deliver_to, std::int64_t after,
                                                           seconds wait) {
  std::string target = "/v1/deliveries?deliverTo=" + http::percent_encode(deliver_to) +
                       "&after=" + number(after) + "&wait=" + number(wait.count()) +
                       "&limit=" + number(deliveries_per_call);
  const auto answer = co_await call(Method::get, std::move(target), {}, wait + answer_time, {});
  if (!answer) co_return std::unexpected(answer.error());
  co_return deliveries_of(*answer);
}

Call<void> OrchestratorClient::acknowledge_delivery(std::string job_id) {
  std::string target = path_of("/v1/deliveries/", job_id, "/ack");
  const auto answer = co_await call(Method::post, std::move(target), "{}", answer_time, {});
  co_return nothing_of(answer);
}

Call<AdminState> OrchestratorClient::admin_state() {
  const auto answer = co_await call(Method::get, "/v1/admin/state", {}, answer_time, {});
  co_return admin_of(answer);
}

Call<std::vector<WorkerPresence>> OrchestratorClient::workers() {
  const auto answer = co_await call(Method::get, "/v1/admin/workers", {}, answer_time, {});
  if (!answer) co_return std::unexpected(answer.error());
  auto list = decode_answer<WorkerPresenceList>(*answer);
  if (!list) co_return std::unexpected(list.error());
  co_return std::move(list->workers);
}

Call<AdminAnswer> OrchestratorClient::pause(PauseRequest request) {
  std::string body = json::serialize(json::encode(request));
  const auto answer = co_await call(Method::post, "/v1/admin/pause", std::move(body), answer_time, {});
  if (!answer) co_return std::unexpected(answer.error());
  co_return decode_answer<AdminAnswer>(*answer);
}

Call<AdminState> OrchestratorClient::resume(ResumeRequest request) {
  std::string body = json::serialize(json::encode(request));
  const auto answer = co_await call(Method::post, "/v1/admin/resume", std::move(body), answer_time, {});
  co_return admin_of(answer);
}

Call<std::optional<ClaimedJob>> OrchestratorClient::claim(ClaimRequest request) {
  const seconds wait{request.wait_seconds.value_or(0)};
  std::string body = json::serialize(json::encode(request));
  const auto answer =
      co_await call(Method::post, "/v1/workers/claim", std::move(body), wait + answer_time, {});
  if (!answer) co_return std::unexpected(answer.error());
  const json::Value* job = json::find(*answer, "job");
  co_return claimed(job == nullptr || job->is_null() ? nullptr : &*answer);
}

Call<void> OrchestratorClient::report_events(std::string job_id, std::string lease_token,
                                             ReportEventsRequest request) {
  std::string target = worker_path(job_id, "/events");
  std::string body = json::serialize(json::encode(request));
  http::Headers extra = lease(std::move(lease_token));
  const auto answer =
      co_await call(Method::post, std::move(target), std::move(body), answer_time, std::move(extra));
  co_return nothing_of(answer);
}

Call<HeartbeatAnswer> OrchestratorClient::heartbeat(std::string job_id, std::string lease_token, seconds wait,
                                                    std::int64_t ack) {
  std::string target = worker_path(job_id, "/heartbeat?wait=" + number(wait.count()) + "&ack=" + number(ack));
  http::Headers extra = lease(std::move(lease_token));
  const auto answer =
      co_await call(Method::get, std::move(target), {}, heartbeat_time(wait), std::move(extra));
  if (!answer) co_return std::unexpected(answer.error());
  co_return decode_answer<HeartbeatAnswer>(*answer);
}

Call<std::optional<ClaimedJob>> OrchestratorClient::complete(std::string job_id, std::string lease_token,
                                                             CompleteRequest request) {
  std::string target = worker_path(job_id, "/complete");
  std::string body = json::serialize(json::encode(request));
  http::Headers extra = lease(std::move(lease_token));
  const auto time = completion_time(body);
  const auto answer = co_await call(Method::post, std::move(target), std::move(body), time, std::move(extra));
  if (!answer) co_return std::unexpected(answer.error());
  co_return claimed(json::find(*answer, "next"));
}

Call<void> OrchestratorClient::fail(std::string job_id, std::string lease_token, FailRequest request) {
  std::string target = worker_path(job_id, "/fail");
  std::string body = json::serialize(json::encode(request));
  http::Headers extra = lease(std::move(lease_token));
  const auto answer =
      co_await call(Method::post, std::move(target), std::move(body), answer_time, std::move(extra));
  co_return nothing_of(answer);
}

Call<void> OrchestratorClient::acknowledge_abort(std::string job_id, std::string lease_token,
                                                 AbortedRequest request) {
  std::string target = worker_path(job_id, "/aborted");
  std::string body = json::serialize(json::encode(request));
  http::Headers extra = lease(std::move(lease_token));
  const auto answer =
      co_await call(Method::post, std::move(target), std::move(body), answer_time, std::move(extra));
  co_return nothing_of(answer);
}

}  // namespace butler::api
