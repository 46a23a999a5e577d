#include "api/orchestrator_client.hpp"

#include <gmock/gmock.h>

#include "api/orchestrator_client_fixture.hpp"

namespace butler::api::orchestrator_client_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing_support::job_json;
using testing_support::OrchestratorClientTest;

TEST_F(OrchestratorClientTest, CreateSendsTheStoredBodyUnderItsKey) {
  answer(201, R"({"job":)" + job_json() + "}");

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
  answer(200, R"({"job":)" + job_json() + "}");

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
  answer(200, R"({"job":)" + job_json() + "}");

  ASSERT_TRUE(run(client.approve("j1", {.approver_id = "7"})));
  EXPECT_EQ(orchestrator.line(), "POST /v1/jobs/j1/approve");
  EXPECT_EQ(orchestrator.asked.body, R"({"approverId":"7"})");
  ASSERT_TRUE(run(client.abort(
      "j1", {.reason = "denied", .requester_id = "7", .if_status = domain::JobStatus::needs_approval})));
  EXPECT_EQ(orchestrator.line(), "POST /v1/jobs/j1/abort");
  EXPECT_EQ(orchestrator.asked.body, R"({"reason":"denied","requesterId":"7","ifStatus":"needs_approval"})");
}

TEST_F(OrchestratorClientTest, AListNamesWhatItIsAbout) {
  answer(200, R"({"jobs":[)" + job_json() + R"(],"nextBefore":"j1"})");

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
  answer(200, R"({"jobs":[)" + job_json(R"(,"resultText":"done","deliverySeq":5)") + "," +
                  job_json(R"(,"deliverySeq":9)") + "]}");

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
