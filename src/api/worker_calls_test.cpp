#include <gtest/gtest.h>

#include "api/orchestrator_client.hpp"
#include "api/orchestrator_client_fixture.hpp"

namespace butler::api::worker_calls_test {
namespace {

using namespace std::chrono_literals;
using testing_support::job_json;
using testing_support::OrchestratorClientTest;

using WorkerCallsTest = OrchestratorClientTest;

TEST_F(WorkerCallsTest, AClaimBringsAJobWithItsLeaseOrNothing) {
  ClaimRequest request;
  request.worker_id = "w1";
  request.wait_seconds = 20;

  answer(200, R"({"job":)" + job_json() +
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

TEST_F(WorkerCallsTest, AWorkersCallsCarryItsLease) {
  answer(202, R"({"ok":true})");
  ReportEventsRequest events;
  events.events.emplace().push_back({.type = domain::EventType::log, .message = "m"});
  events.batch = 3;

  EXPECT_TRUE(run(client.report_events("j1", "lease", events)));
  EXPECT_EQ(orchestrator.line(), "POST /v1/workers/j1/events");
  EXPECT_EQ(orchestrator.header("x-lease-token"), "lease");
  EXPECT_EQ(orchestrator.asked.body, R"({"events":[{"type":"log","message":"m"}],"batch":3})");

  answer(200, R"({"job":)" + job_json() + "}");
  EXPECT_TRUE(run(client.fail("j1", "lease", {.error = "e", .retryable = true})));
  EXPECT_EQ(orchestrator.line(), "POST /v1/workers/j1/fail");
  EXPECT_EQ(orchestrator.header("x-lease-token"), "lease");
  EXPECT_EQ(orchestrator.asked.body, R"({"error":"e","retryable":true})");
  EXPECT_TRUE(run(client.acknowledge_abort("j1", "lease", {.reason = "stopped"})));
  EXPECT_EQ(orchestrator.line(), "POST /v1/workers/j1/aborted");
  EXPECT_EQ(orchestrator.header("x-lease-token"), "lease");
}

TEST_F(WorkerCallsTest, AHeartbeatBringsAbortAndMessages) {
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

TEST_F(WorkerCallsTest, CompleteBringsTheNextJobWhenOneIsClaimed) {
  CompleteRequest request;
  request.result_text = "done";

  answer(200, R"({"job":)" + job_json() + "}");
  auto done = run(client.complete("j1", "lease", request));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_FALSE(done->has_value());
  EXPECT_EQ(orchestrator.line(), "POST /v1/workers/j1/complete");
  EXPECT_EQ(orchestrator.asked.body, R"({"resultText":"done"})");

  answer(200, R"({"job":)" + job_json() + R"(,"next":null})");
  request.claim.emplace().worker_id = "w1";
  done = run(client.complete("j1", "lease", request));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_FALSE(done->has_value());

  answer(200, R"({"job":)" + job_json() + R"(,"next":{"job":)" + job_json() +
                  R"(,"leaseToken":"t2","leaseExpiresAt":"2026-11-22T09:55:09.123Z","approvals":[]}})");
  done = run(client.complete("j1", "lease", request));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->value_or(ClaimedJob{}).lease_token, "t2");
}

}  // namespace
}  // namespace butler::api::worker_calls_test
