#include <gmock/gmock.h>

#include "api/orchestrator_client.hpp"
#include "api/orchestrator_client_fixture.hpp"

namespace butler::api::approval_calls_test {
namespace {

using testing::HasSubstr;
using testing_support::OrchestratorClientTest;

using ApprovalCallsTest = OrchestratorClientTest;

constexpr std::string_view allowed_approval =
    R"({"id":"a1","jobId":"j1","toolCallId":"c1","toolName":"bash","summary":"ls","input":{"command":"ls"},)"
    R"("risk":"read","payloadHash":"ff","cwd":"/w","sandboxProfile":"bwrap/1","scopes":["once","session"],)"
    R"("status":"allowed","scope":"once","deciderId":"1001","createdAt":"2026-11-22T09:54:39.123Z"})";

TEST_F(ApprovalCallsTest, AWorkerAsksWhetherAToolCallMayRun) {
  answer(201, R"({"approval":)" + std::string{allowed_approval} + "}");

  ApprovalRequest request{.tool_call_id = "c1", .tool_name = "bash", .summary = "ls"};
  request.scopes = {domain::ApprovalScope::once};
  const auto asked = run(client.request_approval("j1", "token", request));
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(asked->status, domain::ApprovalStatus::allowed);
  EXPECT_EQ(json::find_string(asked->input, "command"), "ls");
  EXPECT_EQ(orchestrator.line(), "POST /v1/workers/j1/approvals");
  EXPECT_EQ(orchestrator.asked.head.headers.find("x-lease-token"), "token");
  EXPECT_THAT(orchestrator.asked.body, HasSubstr(R"("scopes":["once"])"));
}

TEST_F(ApprovalCallsTest, WhoDecidesTooLateIsToldWhoWon) {
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

TEST_F(ApprovalCallsTest, ApprovalsAndStandingDecisionsAreListedAndRevoked) {
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

}  // namespace
}  // namespace butler::api::approval_calls_test
