#include "api/orchestrator_client.hpp"

#include <gmock/gmock.h>

#include "api/describe.hpp"
#include "async/task_group.hpp"
#include "http/server.hpp"
#include "http/socket_test_support.hpp"

namespace butler::api::orchestrator_client_test {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using testing::HasSubstr;

constexpr auto job_text =
    R"({"id":"j1","kind":"task","status":"running","prompt":"hi","channel":"telegram","chatId":"c","requesterId":"r",)"
    R"("sessionKey":"s","requiresApproval":false,"abortRequested":false,"attempt":1,"maxAttempts":3,)"
    R"("createdAt":"2026-11-22T09:54:39.123Z","updatedAt":"2026-11-22T09:54:40.000Z")";

std::string job(std::string_view more = "") { return std::string{job_text}.append(more).append("}"); }

/// Gives the answer that the test has put there, and keeps what was asked.
class ScriptedOrchestrator : public http::Application {
 public:
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead&) override {
    return http::BodyLimit{std::size_t{32} << 20U};
  }

  awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    asked = std::move(request);
    co_await exchange.send(answer);
  }

  std::string line() const { return asked.head.method + " " + asked.head.target; }
  std::string header(std::string_view name) const {
    return std::string{asked.head.headers.find(name).value_or("-")};
  }

  http::Request asked;
  http::Response answer;
};

class OrchestratorClientTest : public testing::Test {
 protected:
  OrchestratorClientTest() { background.spawn("server", server.run()); }

  ~OrchestratorClientTest() override {
    http::test::run(io, server.shut_down(0ms));
    http::test::run(io, background.join());
  }

  static http::Url base(http::Server& listener) {
    listener.listen();
    return {.tls = false, .host = "127.0.0.1", .port = std::to_string(listener.port())};
  }

  void answer(int status, std::string body) {
    orchestrator.answer = {.status = status, .body = std::move(body)};
  }

  template <class T>
  std::expected<T, CallError> run(Call<T> call) {
    std::optional<std::expected<T, CallError>> result;
    http::test::run(io, keep(std::move(call), result));
    if (!result) throw std::runtime_error("the call gave nothing");
    return *std::move(result);
  }

  template <class T>
  static awaitable<void> keep(Call<T> call, std::optional<std::expected<T, CallError>>& result) {
    result.emplace(co_await std::move(call));
  }

  boost::asio::io_context io{1};
  ScriptedOrchestrator orchestrator;
  http::Server server{io.get_executor(), {}, orchestrator};
  async::TaskGroup background{io.get_executor()};
  OrchestratorClient client{io.get_executor(), base(server), "the-token"};
};

TEST_F(OrchestratorClientTest, CreateSendsTheStoredBodyUnderItsKey) {
  answer(201, R"({"job":)" + job() + "}");

  const auto created = run(client.create_job("key-1", R"({"prompt": "hi"})"));

  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ(created->id, "j1");
  EXPECT_EQ(created->status, domain::JobStatus::running);
  EXPECT_EQ(orchestrator.line(), "POST /v1/jobs");
  EXPECT_EQ(orchestrator.asked.body, R"({"prompt": "hi"})");
  EXPECT_EQ(orchestrator.header("idempotency-key"), "key-1");
  EXPECT_EQ(orchestrator.header("x-api-key"), "the-token");
  EXPECT_EQ(orchestrator.header("content-type"), "application/json");
}

TEST_F(OrchestratorClientTest, JobsAreReadAndAwaited) {
  answer(200, R"({"job":)" + job() + "}");

  ASSERT_TRUE(run(client.get_job("a/b")));
  EXPECT_EQ(orchestrator.line(), "GET /v1/jobs/a%2Fb");
  const domain::Timestamp since{1'795'341'279'123ms};
  ASSERT_TRUE(run(client.await_job("j1", since, 20s)));
  EXPECT_EQ(orchestrator.asked.head.path(), "/v1/jobs/j1");
  EXPECT_EQ(http::query_parameter(orchestrator.asked.head.query(), "wait"), "20");
  EXPECT_EQ(http::query_parameter(orchestrator.asked.head.query(), "ifUpdatedAfter"),
            "2026-11-22T09:54:39.123Z");
}

TEST_F(OrchestratorClientTest, EventsAreReadFromACursor) {
  answer(
      200,
      R"({"events":[{"type":"agent_text_delta","ts":"2026-11-22T09:54:39.123Z","data":{"delta":"x"},"seq":8}],)"
      R"("nextCursor":8,"total":8,"truncated":true})");

  const auto page = run(client.events("j1", 7, 5s));

  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(orchestrator.line(), "GET /v1/jobs/j1/events?cursor=7&wait=5");
  ASSERT_EQ(page->events.size(), 1U);
  EXPECT_EQ(page->events[0].type, domain::EventType::agent_text_delta);
  EXPECT_EQ(page->next_cursor, 8);
  EXPECT_EQ(page->truncated, true);
}

TEST_F(OrchestratorClientTest, ApproveAndAbortNameWhoAsks) {
  answer(200, R"({"job":)" + job() + "}");

  ASSERT_TRUE(run(client.approve("j1", {.approver_id = "7"})));
  EXPECT_EQ(orchestrator.line(), "POST /v1/jobs/j1/approve");
  EXPECT_EQ(orchestrator.asked.body, R"({"approverId":"7"})");
  ASSERT_TRUE(run(client.abort(
      "j1", {.reason = "denied", .requester_id = "7", .if_status = domain::JobStatus::needs_approval})));
  EXPECT_EQ(orchestrator.line(), "POST /v1/jobs/j1/abort");
  EXPECT_EQ(orchestrator.asked.body, R"({"reason":"denied","requesterId":"7","ifStatus":"needs_approval"})");
}

TEST_F(OrchestratorClientTest, AListNamesWhatItIsAbout) {
  answer(200, R"({"jobs":[)" + job() + R"(],"nextBefore":"j1"})");

  const auto list = run(client.list_jobs({.status = domain::JobStatus::failed,
                                          .chat_id = "-100",
                                          .requester_id = "7",
                                          .session_key = "telegram:-100:v2",
                                          .before = "j2",
                                          .limit = 1}));

  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(orchestrator.line(),
            "GET /v1/jobs?limit=1&status=failed&chatId=-100&requesterId=7&sessionKey=telegram%3A-100%3Av2"
            "&before=j2");
  ASSERT_EQ(list->jobs.size(), 1U);
  EXPECT_EQ(list->next_before, "j1");
}

TEST_F(OrchestratorClientTest, AMessageForARunningJobCarriesItsKey) {
  answer(202, R"({"ok":true})");

  ASSERT_TRUE(run(client.send_message("j1", "steer:7", {.mode = MessageMode::steer, .text = "left"})));
  EXPECT_EQ(orchestrator.line(), "POST /v1/jobs/j1/messages");
  EXPECT_EQ(orchestrator.asked.body, R"({"mode":"steer","text":"left"})");
  EXPECT_EQ(orchestrator.header("idempotency-key"), "steer:7");

  answer(409, R"({"error":"not_running"})");
  const auto late = run(client.send_message("j1", "steer:7", {.mode = MessageMode::steer, .text = "left"}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, "not_running");
}

TEST_F(OrchestratorClientTest, DeliveriesCarryTheirSequence) {
  answer(200, R"({"jobs":[)" + job(R"(,"resultText":"done","deliverySeq":5)") + "," +
                  job(R"(,"deliverySeq":9)") + "]}");

  const auto deliveries = run(client.deliveries("telegram:42", 4, 30s));

  ASSERT_TRUE(deliveries) << deliveries.error().message;
  const std::string_view query = orchestrator.asked.head.query();
  EXPECT_EQ(orchestrator.asked.head.path(), "/v1/deliveries");
  EXPECT_EQ(http::query_parameter(query, "deliverTo"), "telegram:42");
  EXPECT_EQ(http::query_parameter(query, "after"), "4");
  EXPECT_EQ(http::query_parameter(query, "wait"), "30");
  ASSERT_EQ(deliveries->size(), 2U);
  EXPECT_EQ((*deliveries)[0].delivery_seq, 5);
  EXPECT_EQ((*deliveries)[0].job.result_text, "done");
  EXPECT_EQ((*deliveries)[1].delivery_seq, 9);
}

TEST_F(OrchestratorClientTest, ADeliveryIsAcknowledgedByItsJob) {
  answer(200, "{}");

  EXPECT_TRUE(run(client.acknowledge_delivery("j1")));
  EXPECT_EQ(orchestrator.line(), "POST /v1/deliveries/j1/ack");
}

constexpr std::string_view allowed_approval =
    R"({"id":"a1","jobId":"j1","toolCallId":"c1","toolName":"bash","summary":"ls","input":{"command":"ls"},)"
    R"("risk":"read","payloadHash":"ff","cwd":"/w","sandboxProfile":"bwrap/1","scopes":["once","session"],)"
    R"("status":"allowed","scope":"once","deciderId":"1001","createdAt":"2026-11-22T09:54:39.123Z"})";

TEST_F(OrchestratorClientTest, AWorkerAsksWhetherAToolCallMayRun) {
  answer(201, R"({"approval":)" + std::string{allowed_approval} + "}");

  ApprovalRequest request{.tool_call_id = "c1", .tool_name = "bash", .summary = "ls"};
  request.scopes = {domain::ApprovalScope::once};
  const auto asked = run(client.request_approval("j1", "token", request));
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(asked->status, domain::ApprovalStatus::allowed);
  EXPECT_EQ(json::find_string(asked->input, "command"), "ls");
  EXPECT_EQ(orchestrator.line(), "POST /v1/workers/j1/approvals");
  EXPECT_EQ(orchestrator.asked.head.headers.find("x-lease-token"), "token");
  EXPECT_THAT(orchestrator.asked.body, testing::HasSubstr(R"("scopes":["once"])"));
}

TEST_F(OrchestratorClientTest, WhoDecidesTooLateIsToldWhoWon) {
  answer(409, R"({"error":"already_decided","message":"1001 has allowed it","approval":)" +
                  std::string{allowed_approval} + "}");

  const auto decided = run(client.decide_approval(
      "j1", "a1", {.decision = domain::ApprovalVerdict::deny, .decider_id = "2002", .reason = "no"}));
  ASSERT_FALSE(decided);
  EXPECT_EQ(decided.error().code, "already_decided");
  ASSERT_TRUE(decided.error().approval);
  EXPECT_EQ(decided.error().approval->decider_id, "1001");
  EXPECT_EQ(orchestrator.line(), "POST /v1/jobs/j1/approvals/a1");
  EXPECT_EQ(orchestrator.asked.body,
            R"({"decision":"deny","scope":"once","deciderId":"2002","reason":"no"})");
}

TEST_F(OrchestratorClientTest, ApprovalsAndStandingDecisionsAreListedAndRevoked) {
  answer(200, R"({"approvals":[)" + std::string{allowed_approval} + "]}");
  const auto approvals = run(client.approvals("j1"));
  ASSERT_TRUE(approvals) << approvals.error().message;
  EXPECT_EQ(approvals->at(0).payload_hash, "ff");
  EXPECT_EQ(orchestrator.line(), "GET /v1/jobs/j1/approvals");

  answer(
      200,
      R"({"decisions":[{"id":7,"decision":"allow","payloadHash":"ff","requesterId":"1001","toolName":"bash",)"
      R"("summary":"ls","deciderId":"1001","createdAt":"2026-11-22T09:54:39.123Z","used":3}]})");
  const auto decisions = run(client.standing_decisions());
  ASSERT_TRUE(decisions) << decisions.error().message;
  EXPECT_EQ(decisions->at(0).used, 3);

  EXPECT_TRUE(run(client.revoke_decision(7, {.revoker_id = "1001"})));
  EXPECT_EQ(orchestrator.line(), "POST /v1/decisions/7/revoke");
}

TEST_F(OrchestratorClientTest, TheQueueIsPausedAndResumed) {
  answer(
      200,
      R"({"admin":{"paused":true,"pauseReason":"why","updatedAt":"2026-11-22T09:54:39.123Z"},"aborted":2})");

  const auto paused = run(client.pause({.reason = "why", .abort_running = true}));
  ASSERT_TRUE(paused) << paused.error().message;
  EXPECT_TRUE(paused->admin.paused);
  EXPECT_EQ(paused->admin.pause_reason, "why");
  EXPECT_EQ(paused->aborted, 2);
  EXPECT_EQ(orchestrator.line(), "POST /v1/admin/pause");
  EXPECT_EQ(orchestrator.asked.body, R"({"reason":"why","abortRunning":true})");

  ASSERT_TRUE(run(client.resume()));
  EXPECT_EQ(orchestrator.line(), "POST /v1/admin/resume");
  ASSERT_TRUE(run(client.admin_state()));
  EXPECT_EQ(orchestrator.line(), "GET /v1/admin/state");
}

TEST_F(OrchestratorClientTest, AClaimBringsAJobWithItsLeaseOrNothing) {
  ClaimRequest request;
  request.worker_id = "w1";
  request.wait_seconds = 20;

  answer(200, R"({"job":)" + job() +
                  R"(,"leaseToken":"t","leaseExpiresAt":"2026-11-22T09:55:09.123Z","approvals":[]})");
  const auto claimed = run(client.claim(request));
  ASSERT_TRUE(claimed) << claimed.error().message;
  EXPECT_EQ(orchestrator.line(), "POST /v1/workers/claim");
  EXPECT_EQ(orchestrator.asked.body, R"({"workerId":"w1","waitSeconds":20})");
  EXPECT_EQ(claimed->value_or(ClaimedJob{}).job.id, "j1");
  EXPECT_EQ(claimed->value_or(ClaimedJob{}).lease_token, "t");

  answer(200, R"({"job":null})");
  const auto nothing = run(client.claim(request));
  ASSERT_TRUE(nothing) << nothing.error().message;
  EXPECT_FALSE(nothing->has_value());
}

TEST_F(OrchestratorClientTest, AWorkersCallsCarryItsLease) {
  answer(202, R"({"ok":true})");
  ReportEventsRequest events;
  events.events.emplace().push_back({.type = domain::EventType::log, .message = "m"});
  events.batch = 3;

  EXPECT_TRUE(run(client.report_events("j1", "lease", events)));
  EXPECT_EQ(orchestrator.line(), "POST /v1/workers/j1/events");
  EXPECT_EQ(orchestrator.header("x-lease-token"), "lease");
  EXPECT_EQ(orchestrator.asked.body, R"({"events":[{"type":"log","message":"m"}],"batch":3})");

  answer(200, R"({"job":)" + job() + "}");
  EXPECT_TRUE(run(client.fail("j1", "lease", {.error = "e", .retryable = true})));
  EXPECT_EQ(orchestrator.line(), "POST /v1/workers/j1/fail");
  EXPECT_EQ(orchestrator.header("x-lease-token"), "lease");
  EXPECT_EQ(orchestrator.asked.body, R"({"error":"e","retryable":true})");
  EXPECT_TRUE(run(client.acknowledge_abort("j1", "lease", {.reason = "stopped"})));
  EXPECT_EQ(orchestrator.line(), "POST /v1/workers/j1/aborted");
  EXPECT_EQ(orchestrator.header("x-lease-token"), "lease");
}

TEST_F(OrchestratorClientTest, AHeartbeatBringsAbortAndMessages) {
  answer(200, R"({"abortRequested":true,"leaseExpiresAt":"2026-11-22T09:55:09.123Z",)"
              R"("messages":[{"seq":4,"mode":"follow_up","text":"and then?"}],"decisions":[]})");

  const auto beat = run(client.heartbeat("j1", "lease", 10s, 3));

  ASSERT_TRUE(beat) << beat.error().message;
  EXPECT_EQ(orchestrator.line(), "GET /v1/workers/j1/heartbeat?wait=10&ack=3");
  EXPECT_EQ(orchestrator.header("x-lease-token"), "lease");
  EXPECT_TRUE(beat->abort_requested);
  ASSERT_EQ(beat->messages.size(), 1U);
  EXPECT_EQ(beat->messages[0].seq, 4);
  EXPECT_EQ(beat->messages[0].mode, MessageMode::follow_up);
}

TEST_F(OrchestratorClientTest, CompleteBringsTheNextJobWhenOneIsClaimed) {
  CompleteRequest request;
  request.result_text = "done";

  answer(200, R"({"job":)" + job() + "}");
  auto done = run(client.complete("j1", "lease", request));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_FALSE(done->has_value());
  EXPECT_EQ(orchestrator.line(), "POST /v1/workers/j1/complete");
  EXPECT_EQ(orchestrator.asked.body, R"({"resultText":"done"})");

  answer(200, R"({"job":)" + job() + R"(,"next":null})");
  request.claim.emplace().worker_id = "w1";
  done = run(client.complete("j1", "lease", request));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_FALSE(done->has_value());

  answer(200, R"({"job":)" + job() + R"(,"next":{"job":)" + job() +
                  R"(,"leaseToken":"t2","leaseExpiresAt":"2026-11-22T09:55:09.123Z","approvals":[]}})");
  done = run(client.complete("j1", "lease", request));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->value_or(ClaimedJob{}).lease_token, "t2");
}

TEST_F(OrchestratorClientTest, ARefusalCarriesStatusAndCode) {
  answer(409, R"({"error":"lease_lost","message":"held by w2"})");

  const auto failed = run(client.fail("j1", "lease", {.error = "e"}));

  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, CallError::Kind::refused);
  EXPECT_EQ(failed.error().status, 409);
  EXPECT_EQ(failed.error().code, "lease_lost");
  EXPECT_THAT(failed.error().message, HasSubstr("held by w2"));
}

TEST_F(OrchestratorClientTest, ARefusalWithoutAReadableBodyIsStillARefusal) {
  answer(404, "<html>");

  const auto missing = run(client.get_job("j1"));

  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, CallError::Kind::refused);
  EXPECT_EQ(missing.error().status, 404);
  EXPECT_EQ(missing.error().code, "");
}

TEST_F(OrchestratorClientTest, WhatMayBeRepeatedIsUnreachable) {
  for (const int status : {429, 500, 502, 503, 302}) {
    answer(status, R"({"error":"unavailable"})");
    const auto result = run(client.get_job("j1"));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, CallError::Kind::unreachable) << status;
  }
  for (const char* body : {"", "no json", "[]", "{}", R"({"job":{"id":"j1"}})", R"({"job":null})"}) {
    answer(200, body);
    const auto result = run(client.get_job("j1"));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, CallError::Kind::unreachable) << body;
  }
  for (const char* body : {"{}", R"({"jobs":{}})", R"({"jobs":[{}]})"}) {
    answer(200, body);
    EXPECT_FALSE(run(client.deliveries("t", 0, 0s))) << body;
  }
}

TEST_F(OrchestratorClientTest, AnOrchestratorThatIsNotThereIsUnreachable) {
  http::test::run(io, server.shut_down(0ms));

  const auto result = run(client.get_job("j1"));

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, CallError::Kind::unreachable);
  EXPECT_THAT(result.error().message, HasSubstr("refused"));
}

}  // namespace
}  // namespace butler::api::orchestrator_client_test
