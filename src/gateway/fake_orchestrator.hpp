#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "api/describe.hpp"
#include "async/event.hpp"
#include "domain/job_id.hpp"
#include "domain/job_status.hpp"
#include "gateway/fake_approvals.hpp"
#include "gateway/fake_artifacts.hpp"
#include "http/server.hpp"
#include "json/codec.hpp"

namespace butler::gateway {

/// As much of the orchestrator as the gateway's tests need; its agent answers at once with the prompt.
class FakeOrchestrator : public http::Application {
 public:
  explicit FakeOrchestrator(boost::asio::io_context& io)
      : changed(io.get_executor()), server_(io.get_executor(), {}, *this) {
    server_.listen();
  }

  boost::asio::awaitable<void> run() { return server_.run(); }
  boost::asio::awaitable<void> shut_down() { return server_.shut_down(std::chrono::milliseconds{0}); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead&) override {
    return http::BodyLimit{std::size_t{1} << 20U};
  }

  boost::asio::awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    if (away) co_return;
    const std::string path{request.head.path()};
    if (path == "/v1/jobs" && request.head.method == "GET") {
      auto response = list(request.head.query());
      co_return co_await exchange.send(std::move(response));
    }
    if (path == "/v1/jobs") {
      ++held_creates;
      while (hold_creates) co_await changed.wait();
      --held_creates;
      co_return co_await create(std::move(request), exchange);
    }
    if (path == "/v1/deliveries") co_return co_await deliveries(exchange);
    const bool waits = http::query_parameter(request.head.query(), "wait").value_or("0") != "0";
    if (path.ends_with("/events") && waits) {
      co_return co_await events_of_job(std::move(request), exchange);
    }
    if (request.head.query().find("ifUpdatedAfter=") != std::string_view::npos) {
      co_return co_await wait_for_job(std::move(request), exchange);
    }
    if (path.ends_with("/ack")) ++acknowledgements;
    if (path.ends_with("/ack") && refuse_acknowledgements) co_return;
    if (path.ends_with("/events")) {
      auto response = events_of(path.substr(9, path.rfind('/') - 9), request.head.query());
      co_return co_await exchange.send(std::move(response));
    }
    if (const auto at = path.find("/artifacts"); at != std::string::npos) {
      const std::string job_id = path.substr(9, at - 9);
      const std::string name = path.substr(std::min(path.size(), at + 11));
      auto response =
          jobs.contains(job_id) ? artifacts.serve(request, job_id, name) : refusal(404, "job_not_found");
      changed.notify_all();
      co_return co_await exchange.send(std::move(response));
    }
    if (path.find("/approvals") != std::string::npos) {
      co_return co_await serve_approvals(std::move(request), exchange);
    }
    if (path.ends_with("/messages")) {
      messages.emplace_back(request.head.headers.find("idempotency-key").value_or("-"), request.body);
    }
    http::Response response = answer(path, request.body);
    if (path.ends_with("/abort") && on_aborted) {
      std::exchange(on_aborted, {})();
      co_return;
    }
    co_await exchange.send(std::move(response));
  }

  void run(const std::string& job_id) { change(job_id, domain::JobStatus::running); }

  /// What a worker's claim, a lost lease and so on do.
  void change(const std::string& job_id, domain::JobStatus status) {
    domain::Job& job = jobs.at(job_id);
    job.status = status;
    if (status == domain::JobStatus::running) job.started_at = domain::wall_clock_now();
    job.updated_at += std::chrono::milliseconds{1};
    changed.notify_all();
  }

  void add_event(const std::string& job_id, api::Event event) {
    events[job_id].push_back(std::move(event));
    changed.notify_all();
  }

  /// A worker asks whether a tool call may run.
  api::Approval ask(const std::string& job_id, const api::Approval& approval) {
    const std::int64_t number = static_cast<std::int64_t>(decisions.of_job[job_id].size());
    auto asked = decisions.add(job_id, approval, ids_.next(domain::wall_clock_now(), spread(number)));
    add_approval_event(domain::EventType::approval_requested, job_id);
    return asked;
  }

  /// It comes to an end otherwise than by a decision in a chat.
  void end_approval(const std::string& job_id, const std::string& approval_id, domain::ApprovalStatus status,
                    std::optional<std::string> decider = {}) {
    api::Approval& approval = decisions.at(job_id, approval_id);
    approval.status = status;
    approval.decider_id = std::move(decider);
    add_approval_event(domain::EventType::approval_decided, job_id);
  }

  /// Ends a job, and makes it a delivery.
  void finish(const std::string& job_id, domain::JobStatus status, std::optional<std::string> text = {},
              std::optional<std::string> error = {}) {
    domain::Job& job = jobs.at(job_id);
    job.status = status;
    job.result_text = std::move(text);
    job.error = std::move(error);
    job.finished_at = domain::wall_clock_now();
    job.updated_at += std::chrono::milliseconds{1};
    if (deliver) undelivered.push_back(job_id);
    changed.notify_all();
  }

  const domain::Job& job_with_prompt(std::string_view prompt) const {
    for (const auto& [id, job] : jobs) {
      if (job.prompt == prompt) return job;
    }
    throw std::runtime_error("no job with the prompt " + std::string{prompt});
  }

  std::map<std::string, domain::Job> jobs;    ///< by id
  std::map<std::string, std::string> keys;    ///< idempotency key → job id
  std::map<std::string, std::string> bodies;  ///< idempotency key → body
  std::vector<std::string> created;           ///< prompts, in order
  bool deliver = true;                        ///< false: jobs that end become no deliveries
  std::size_t watching = 0;                   ///< parked calls about a job
  std::vector<std::string> undelivered;       ///< ids of jobs that ended and were not acknowledged
  std::size_t create_calls = 0;
  bool instant_agent = true;
  bool away = false;          ///< every call is answered 500
  bool hold_creates = false;  ///< creations wait until this is false
  std::size_t held_creates = 0;
  std::optional<std::pair<int, std::string>> create_error;
  std::function<void()> on_aborted;  ///< likewise after an abort
  std::function<void()> on_created;  ///< the job exists, and the gateway does not know; no answer is given
  bool refuse_acknowledgements = false;
  std::size_t acknowledgements = 0;
  api::AdminState admin;
  std::vector<std::pair<std::string, std::string>> messages;  ///< for running jobs: key, body
  std::map<std::string, std::vector<api::Event>> events;      ///< by job id, with their seqs
  FakeApprovals decisions;
  FakeArtifacts artifacts;
  std::vector<std::string> pauses;  ///< their bodies
  async::Event changed;

 private:
  /// Six digits that differ, where people see them.
  static std::array<std::uint8_t, 10> spread(std::int64_t number) {
    const auto digits = static_cast<std::uint8_t>(number * 53 + 11);
    return {0, digits, 2, 3, digits, 5, 6, 7, 8, 9};
  }

  void add_approval_event(domain::EventType type, const std::string& job_id) {
    add_event(job_id, {.type = type, .seq = static_cast<std::int64_t>(events[job_id].size()) + 1});
  }

  boost::asio::awaitable<void> serve_approvals(http::Request request, http::Exchange& exchange) {
    const std::string path{request.head.path()};
    const std::string job_id = path.substr(9, path.find("/approvals") - 9);
    if (path.ends_with("/approvals")) {
      auto response = json_response(api::ApprovalList{decisions.of_job[job_id]});
      co_return co_await exchange.send(std::move(response));
    }
    const bool open = decisions.is_pending(job_id, path.substr(path.rfind('/') + 1));
    auto response = decisions.decide(job_id, path.substr(path.rfind('/') + 1), request.body);
    const bool decided = open && !decisions.is_pending(job_id, path.substr(path.rfind('/') + 1));
    if (decided) add_approval_event(domain::EventType::approval_decided, job_id);
    if (response) co_await exchange.send(*std::move(response));
  }

  template <class T>
  static http::Response json_response(const T& value, int status = 200) {
    return {.status = status, .body = json::serialize(json::encode(value))};
  }
  static http::Response refusal(int status, std::string_view code) {
    return {.status = status, .body = json::serialize(json::Object{{"error", code}})};
  }

  boost::asio::awaitable<void> create(http::Request request, http::Exchange& exchange) {
    ++create_calls;
    if (create_error) {
      auto response = refusal(create_error->first, create_error->second);
      co_return co_await exchange.send(std::move(response));
    }
    const std::string key{request.head.headers.find("idempotency-key").value()};
    if (!keys.contains(key)) add_job(key, request.body);
    const bool same = bodies.at(key) == request.body;
    if (on_created) {
      std::exchange(on_created, {})();
      co_return;
    }
    auto response = same ? json_response(api::JobAnswer{jobs.at(keys.at(key))}, 201)
                         : refusal(409, "idempotency_conflict");
    co_await exchange.send(std::move(response));
  }

  void add_job(const std::string& key, const std::string& body) {
    const auto wanted = json::decode<api::CreateJobRequest>(json::parse(body).value()).value();
    domain::Job job;
    job.id =
        ids_.next(domain::wall_clock_now(), {0, static_cast<std::uint8_t>(jobs.size() * 37), 2, 3, 4,
                                             static_cast<std::uint8_t>(jobs.size() * 91 + 7), 6, 7, 8, 9});
    job.kind = wanted.kind.value_or(domain::JobKind::task);
    job.status =
        job.kind == domain::JobKind::run ? domain::JobStatus::needs_approval : domain::JobStatus::queued;
    job.prompt = wanted.prompt;
    job.channel = wanted.channel;
    job.chat_id = wanted.chat_id;
    job.thread_id = wanted.thread_id;
    job.requester_id = wanted.requester_id;
    job.session_key = wanted.session_key;
    job.metadata = wanted.metadata;
    job.deliver_to = wanted.deliver_to;
    job.created_at = job.updated_at = domain::wall_clock_now();
    jobs[job.id] = job;
    keys[key] = job.id;
    bodies[key] = body;
    created.push_back(job.prompt);
    if (instant_agent && job.kind == domain::JobKind::task) complete(job.id);
  }

  void complete(const std::string& job_id) {
    jobs.at(job_id).started_at = domain::wall_clock_now();
    finish(job_id, domain::JobStatus::completed, "re: " + jobs.at(job_id).prompt);
  }

  boost::asio::awaitable<void> deliveries(http::Exchange& exchange) {
    bool gone = false;
    exchange.watch_close([this, &gone] {
      gone = true;
      changed.notify_all();
    });
    while (undelivered.empty() && !gone) co_await changed.wait();
    exchange.unwatch();
    if (gone || away) co_return;
    json::Array list;
    std::int64_t sequence = 0;
    for (const auto& id : undelivered) {
      auto one = json::encode(jobs.at(id)).get_object();
      one["deliverySeq"] = ++sequence;
      list.push_back(std::move(one));
    }
    http::Response response{.body = json::serialize(json::Object{{"jobs", std::move(list)}})};
    co_await exchange.send(std::move(response));
  }

  http::Response list(std::string_view query) {
    const auto wanted = [&](std::string_view name, std::string_view value) {
      return http::query_parameter(query, name).value_or(std::string{value}) == value;
    };
    const std::string before = http::query_parameter(query, "before").value_or("~");
    const std::size_t limit = std::stoul(http::query_parameter(query, "limit").value_or("50"));
    api::JobList found;
    for (auto one = jobs.rbegin(); one != jobs.rend() && found.jobs.size() < limit; ++one) {
      const domain::Job& job = one->second;
      const bool fits = wanted("status", domain::enum_name(job.status)) && wanted("chatId", job.chat_id) &&
                        wanted("requesterId", job.requester_id) && wanted("sessionKey", job.session_key);
      if (fits && job.id < before) found.jobs.push_back(job);
    }
    if (found.jobs.size() == limit) found.next_before = found.jobs.back().id;
    return json_response(found);
  }

  void pause(const std::string& body) {
    const auto wanted = json::decode<api::PauseRequest>(json::parse(body).value()).value();
    pauses.push_back(body);
    admin = {.paused = true, .pause_reason = wanted.reason};
    for (auto& [id, job] : jobs) {
      if (job.status == domain::JobStatus::running) job.status = domain::JobStatus::aborting;
    }
  }

  /// Waits until `ready`, or the client has gone: false then.
  boost::asio::awaitable<bool> park(std::function<bool()> ready, http::Exchange& exchange) {
    bool gone = false;
    exchange.watch_close([this, &gone] {
      gone = true;
      changed.notify_all();
    });
    ++watching;
    while (!gone && !ready()) co_await changed.wait();
    --watching;
    exchange.unwatch();
    co_return !gone && !away;
  }

  boost::asio::awaitable<void> wait_for_job(http::Request request, http::Exchange& exchange) {
    const std::string id{request.head.path().substr(9)};
    const auto after = http::query_parameter(request.head.query(), "ifUpdatedAfter");
    const auto time = domain::from_iso8601(after.value_or(""));
    const std::function<bool()> ready = [&] {
      return !jobs.contains(id) || jobs.at(id).updated_at > time || away;
    };
    const bool answered = co_await park(ready, exchange);
    if (!answered) co_return;
    auto response =
        jobs.contains(id) ? json_response(api::JobAnswer{jobs.at(id)}) : refusal(404, "job_not_found");
    co_await exchange.send(std::move(response));
  }

  boost::asio::awaitable<void> events_of_job(http::Request request, http::Exchange& exchange) {
    const std::string path{request.head.path()};
    const std::string id = path.substr(9, path.rfind('/') - 9);
    const auto cursor = static_cast<std::size_t>(
        std::stoul(http::query_parameter(request.head.query(), "cursor").value_or("0")));
    const auto status = jobs.at(id).status;
    const std::function<bool()> ready = [&] {
      return events[id].size() > cursor || jobs.at(id).status != status || away;
    };
    const bool answered = co_await park(ready, exchange);
    if (!answered) co_return;
    api::EventPage page;
    const auto& all = events[id];
    page.events.assign(all.begin() + static_cast<std::ptrdiff_t>(std::min(cursor, all.size())), all.end());
    page.total = page.next_cursor = static_cast<std::int64_t>(all.size());
    auto response = json_response(page);
    co_await exchange.send(std::move(response));
  }

  http::Response answer(const std::string& path, const std::string& body) {
    if (path == "/v1/admin/pause") pause(body);
    if (path == "/v1/admin/resume") admin = {};
    if (path.starts_with("/v1/admin/")) return json_response(api::AdminAnswer{admin});
    const auto slash = path.rfind('/');
    const std::string action = path.substr(slash + 1);
    if (path.starts_with("/v1/deliveries/")) {
      std::erase(undelivered, path.substr(15, slash - 15));
      return {.body = "{}"};
    }
    const std::string id = jobs.contains(action) ? action : path.substr(9, slash - 9);
    if (!jobs.contains(id)) return refusal(404, "job_not_found");
    if (action == "messages") {
      if (jobs.at(id).status != domain::JobStatus::running) return refusal(409, "not_running");
      return {.status = 202, .body = "{}"};
    }
    if (action == "approve") approve(id);
    if (action == "abort" && !abort(id, body)) return refusal(409, "invalid_transition");
    return json_response(api::JobAnswer{jobs.at(id)});
  }

  http::Response events_of(const std::string& job_id, std::string_view query) {
    const std::int64_t cursor = std::stoll(http::query_parameter(query, "cursor").value_or("0"));
    const auto& all = events[job_id];
    api::EventPage page;
    page.next_cursor = cursor;
    page.total = static_cast<std::int64_t>(all.size());
    for (const api::Event& event : all) {
      if (event.seq.value_or(0) <= cursor) continue;
      page.events.push_back(event);
      page.next_cursor = event.seq.value_or(0);
    }
    return json_response(page);
  }

  void approve(const std::string& id) {
    if (jobs.at(id).status != domain::JobStatus::needs_approval) return;
    change(id, domain::JobStatus::queued);
    if (instant_agent) complete(id);
  }

  bool abort(const std::string& id, const std::string& body) {
    domain::Job& job = jobs.at(id);
    const auto wanted = json::decode<api::AbortRequest>(json::parse(body).value()).value();
    if (wanted.if_status && *wanted.if_status != job.status) return false;
    if (job.status == domain::JobStatus::running) {
      change(id, domain::JobStatus::aborting);
    } else if (!domain::is_terminal(job.status)) {
      finish(id, domain::JobStatus::aborted, {}, wanted.reason);
    }
    return true;
  }

  domain::JobIdSequence ids_;
  http::Server server_;
};

}  // namespace butler::gateway
