#pragma once

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/describe.hpp"
#include "async/event.hpp"
#include "domain/describe.hpp"
#include "http/server.hpp"
#include "json/codec.hpp"
#include "worker/test_support.hpp"

namespace butler::worker::testing_support {

inline constexpr const char* worker_token = "worker-token-0123456789";

/// The worker's half of the orchestrator's API, scripted by a test and remembering what it was told.
class FakeOrchestrator final : public http::Application {
 public:
  struct Call {
    std::string name;  ///< "claim", "events", "heartbeat", "complete", "fail", "aborted"
    std::string job;
    std::string token;
    std::string ack;
    json::Value body;
  };

  explicit FakeOrchestrator(boost::asio::io_context& context) : changed(context.get_executor()) {}

  /// Puts a job into the queue; its id is `name`, its lease token "lease of <name>".
  void add_job(std::string name, std::string prompt) {
    queue_.push_back(make_job(std::move(prompt), "session of " + name));
    queue_.back().id = std::move(name);
    changed.notify_all();
  }
  void request_abort() {
    heartbeat_.abort_requested = true;
    changed.notify_all();
  }
  void send_message(std::int64_t seq, std::string text) {
    heartbeat_.messages.push_back({.seq = seq, .mode = api::MessageMode::steer, .text = std::move(text)});
    changed.notify_all();
  }

  /// Decides what was asked for; the heartbeat brings it until it is acknowledged.
  void decide(std::int64_t seq, std::string approval_id, domain::ApprovalVerdict verdict,
              std::string reason = {}) {
    heartbeat_.decisions.push_back({.seq = seq,
                                    .approval_id = std::move(approval_id),
                                    .decision = verdict,
                                    .reason = std::move(reason)});
    changed.notify_all();
  }

  std::vector<Call> of(std::string_view name) const {
    std::vector<Call> found;
    std::ranges::copy_if(calls, std::back_inserter(found),
                         [&](const Call& call) { return call.name == name; });
    return found;
  }
  std::size_t count(std::string_view name) const { return of(name).size(); }
  /// The body of the last call of that name, as JSON text; "" when there was none.
  std::string last(std::string_view name) const {
    const auto found = of(name);
    return found.empty() ? "" : json::serialize(found.back().body);
  }
  /// The text of all deltas that were accepted, each batch once.
  const std::string& text() const { return text_; }
  /// How many jobs were completed, failed or aborted.
  std::size_t ended() const { return count("complete") + count("fail") + count("aborted"); }

  /// Answers instead of the fake when it returns something.
  std::function<std::optional<http::Response>(const Call&)> intercept;
  std::vector<Call> calls;
  async::Event changed;
  std::chrono::milliseconds lease{3'000};
  /// What the next claimed job brings along.
  std::vector<api::Approval> approvals;

  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& head) override {
    if (head.headers.find("x-api-key") != worker_token) return http::Response{.status = 401};
    return http::BodyLimit{std::size_t{32} << 20U};
  }

  boost::asio::awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    const Call call = read(request);
    calls.push_back(call);
    changed.notify_all();
    auto answer = intercept ? intercept(call) : std::nullopt;
    if (!answer && call.name == "claim") co_await wait_for_job(json::find_integer(call.body, "waitSeconds"));
    if (!answer && call.name == "heartbeat") {
      const auto acknowledged = [&](const auto& sent) { return std::to_string(sent.seq) == call.ack; };
      std::erase_if(heartbeat_.messages, acknowledged);
      std::erase_if(heartbeat_.decisions, acknowledged);
      co_await wait_for_news();
    }
    if (!answer) answer = decide(call);
    co_await exchange.send(std::move(*answer));
  }

  static http::Response respond(int status, const json::Value& body) {
    return {
        .status = status, .headers = {{"content-type", "application/json"}}, .body = json::serialize(body)};
  }
  static http::Response refuse(int status, std::string_view code) {
    return respond(status, json::Object{{"error", code}});
  }

 private:
  using Clock = std::chrono::steady_clock;

  static Call read(const http::Request& request) {
    std::string_view path = request.head.path();
    path.remove_prefix(std::string_view{"/v1/workers/"}.size());
    Call call;
    if (const auto slash = path.find('/'); slash != std::string_view::npos) {
      call.job = path.substr(0, slash);
      path.remove_prefix(slash + 1);
    }
    call.name = path;
    call.token = request.head.headers.find("x-lease-token").value_or("");
    call.ack = http::query_parameter(request.head.query(), "ack").value_or("");
    if (!request.body.empty()) call.body = json::parse(request.body).value();
    return call;
  }

  http::Response decide(const Call& call) {
    if (call.name == "claim") return respond(200, claimed(call.body));
    if (call.name == "heartbeat") return respond(200, json::encode(heartbeat_));
    if (call.name == "events") return take_events(call.body);
    if (call.name == "approvals") return respond(201, approval_of(call));
    json::Object body{{"job", json::Object{{"id", call.job}}}};
    if (const json::Value* claim = json::find(call.body, "claim")) {
      const json::Value next = claimed(*claim);
      body["next"] = json::find(next, "job")->is_null() ? json::Value{} : next;
    }
    return respond(200, body);
  }

  /// "approval-1", "approval-2"…: pending.
  json::Value approval_of(const Call& call) const {
    auto body = call.body.as_object();
    body["id"] = "approval-" + std::to_string(count("approvals"));
    body["jobId"] = call.job;
    body["status"] = "pending";
    if (!body.contains("scopes")) body["scopes"] = json::Array{"once", "session", "always"};
    body["createdAt"] = "2026-01-01T00:00:00.000Z";
    return json::Object{{"approval", std::move(body)}};
  }

  /// The claim's answer; the same for a repeated claim id.
  json::Value claimed(const json::Value& claim) {
    const std::string id{json::find_string(claim, "claimId")};
    if (const auto before = claims_.find(id); before != claims_.end()) return before->second;
    json::Value answer = json::Object{{"job", nullptr}};
    if (!queue_.empty()) {
      const domain::Job job = queue_.front();
      queue_.pop_front();
      answer = json::encode(api::ClaimedJob{.job = job,
                                            .lease_token = "lease of " + job.id,
                                            .lease_expires_at = domain::wall_clock_now() + lease,
                                            .approvals = approvals});
      heartbeat_ = {.abort_requested = false,
                    .lease_expires_at = domain::wall_clock_now() + lease,
                    .messages = {},
                    .decisions = {}};
      batches_ = 0;
    }
    claims_[id] = answer;
    return answer;
  }

  http::Response take_events(const json::Value& body) {
    const auto batch = json::find_integer(body, "batch");
    if (batch > batches_ + 1) return refuse(409, "batch_gap");
    if (batch == batches_ + 1) {
      batches_ = batch;
      for (const auto& event : json::find(body, "events")->as_array()) {
        if (json::find_string(event, "type") != "agent_text_delta") continue;
        text_ += json::find_string(*json::find(event, "data"), "delta");
      }
    }
    return respond(202, json::Object{{"ok", true}});
  }

  boost::asio::awaitable<void> wait_for_job(std::int64_t wait) {
    const auto deadline = Clock::now() + std::chrono::seconds{wait};
    while (queue_.empty() && Clock::now() < deadline) co_await changed.wait_until(deadline);
  }

  boost::asio::awaitable<void> wait_for_news() {
    const auto deadline = Clock::now() + lease / 3;
    while (!heartbeat_.abort_requested && heartbeat_.messages.empty() && heartbeat_.decisions.empty() &&
           Clock::now() < deadline) {
      co_await changed.wait_until(deadline);
    }
  }

  std::deque<domain::Job> queue_;
  std::map<std::string, json::Value> claims_;
  api::HeartbeatAnswer heartbeat_;
  std::int64_t batches_ = 0;
  std::string text_;
};

}  // namespace butler::worker::testing_support
