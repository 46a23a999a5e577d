#include "orchestrator/approval_service.hpp"

#include <gtest/gtest.h>

#include "api/describe.hpp"
#include "domain/limits.hpp"
#include "json/codec.hpp"
#include "orchestrator/service_fixture.hpp"

namespace butler::orchestrator::approval_service_test {
namespace {

using domain::ApprovalScope;
using domain::ApprovalStatus;
using domain::ApprovalVerdict;
using domain::EventType;
using domain::JobStatus;
using std::chrono::seconds;

class ApprovalServiceTest : public ServiceFixture, public testing::Test {
 protected:
  static api::ApprovalRequest question(const std::string& call = "call-1", char hash = 'a') {
    return {.tool_call_id = call,
            .tool_name = "bash",
            .summary = "rm -r build",
            .input = json::Object{{"command", "rm -r build"}},
            .risk = "deletes",
            .payload_hash = std::string(64, hash),
            .cwd = "/home/someone",
            .sandbox_profile = "bwrap/1"};
  }

  Outcome<ApprovalService::Requested> ask(const api::ClaimedJob& held, const api::ApprovalRequest& body) {
    return request([&] { return approvals->request(held.job.id, held.lease_token, body, now); });
  }

  Outcome<api::Approval> decide(const std::string& job_id, const std::string& approval_id,
                                ApprovalVerdict verdict = ApprovalVerdict::allow,
                                ApprovalScope scope = ApprovalScope::once) {
    const api::DecideApprovalRequest body{.decision = verdict, .scope = scope, .decider_id = "1001"};
    return request([&] { return approvals->decide(job_id, approval_id, body, now.wall); });
  }

  LeaseService::Heartbeat beat(const api::ClaimedJob& held, std::int64_t ack = 0) {
    return request([&] { return leases->heartbeat(held.job.id, held.lease_token, ack, now); }).value();
  }

  void tool(const api::ClaimedJob& held, EventType type, const std::string& call) {
    api::ReportedEvent event;
    event.type = type;
    event.data = json::Object{{"toolCallId", call}, {"toolName", "bash"}};
    ASSERT_TRUE(report(held.job.id, held.lease_token, event));
  }

  api::ClaimedJob running(const std::string& session = "s1") {
    create(task(session));
    return claim("w1").value();
  }

  std::vector<std::string> events_of(const std::string& id) {
    std::vector<std::string> names;
    const auto page = request([&] { return jobs->events(id, 0); });
    for (const auto& event : page->events) names.emplace_back(domain::enum_name(event.type));
    return names;
  }

  std::vector<std::string> audited(const std::string& id) {
    std::vector<std::string> names;
    for (const auto& row : store->audit().rows_after(0, 100)) {
      if (row.subject == id) names.push_back(row.action + " " + row.actor);
    }
    return names;
  }

  void lose_lease() {
    advance(lease + seconds{1});
    expire();
  }
};

TEST_F(ApprovalServiceTest, AJobAsksForSoManyApprovalsAndNoMore) {
  const auto held = running();
  for (std::size_t asked = 0; asked < domain::limits::approvals_per_job; ++asked) {
    ASSERT_TRUE(ask(held, question("call-" + std::to_string(asked)))) << asked;
  }
  const auto refused = ask(held, question("one more"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "too_many_approvals");
  EXPECT_TRUE(ask(held, question("call-7"))) << "what was asked before is answered";
  EXPECT_TRUE(ask(running("another session"), question()));
}

TEST_F(ApprovalServiceTest, AQuestionIsOnTheJobsRecordAndARepeatGetsTheSame) {
  const auto held = running();
  const auto first = ask(held, question());
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->is_new);
  EXPECT_EQ(first->approval.status, ApprovalStatus::pending);
  EXPECT_EQ(first->approval.job_id, held.job.id);
  const auto again = ask(held, question());
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->approval.id, first->approval.id);
  EXPECT_EQ(events_of(held.job.id).back(), "approval_requested");
  EXPECT_EQ(job(held.job.id).status, JobStatus::running);
  EXPECT_EQ(request([&] { return approvals->list(held.job.id); })->approvals.size(), 1U);
}

TEST_F(ApprovalServiceTest, TheDecisionComesWithTheHeartbeatUntilItIsAcknowledgedInTheSequenceOfMessages) {
  const auto held = running();
  ASSERT_TRUE(request([&] { return jobs->send_message(held.job.id, {.text = "hurry"}, "k1", now.wall); }));
  const auto id = ask(held, question())->approval.id;
  EXPECT_TRUE(beat(held, 1).answer.decisions.empty());
  ASSERT_TRUE(decide(held.job.id, id));

  const auto told = beat(held);
  EXPECT_TRUE(told.has_news);
  ASSERT_EQ(told.answer.decisions.size(), 1U);
  const auto& decision = told.answer.decisions.front();
  EXPECT_EQ(decision.seq, 2);
  EXPECT_EQ(decision.approval_id, id);
  EXPECT_EQ(decision.tool_call_id, "call-1");
  EXPECT_EQ(decision.decision, ApprovalVerdict::allow);
  ASSERT_TRUE(request([&] { return jobs->send_message(held.job.id, {.text = "more"}, "k2", now.wall); }));
  EXPECT_EQ(beat(held).answer.messages.back().seq, 3);
  EXPECT_FALSE(beat(held, 3).has_news);
  EXPECT_TRUE(beat(held).answer.decisions.empty());
}

TEST_F(ApprovalServiceTest, TheFirstDecisionWinsAndTheSameAgainIsNoError) {
  const auto held = running();
  const auto id = ask(held, question())->approval.id;
  ASSERT_TRUE(decide(held.job.id, id, ApprovalVerdict::deny));
  const auto again = decide(held.job.id, id, ApprovalVerdict::deny);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->status, ApprovalStatus::denied);
  const auto other = decide(held.job.id, id);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().status, 409);
  EXPECT_EQ(other.error().code, "already_decided");
  EXPECT_EQ(json::find_string(other.error().more.at("approval"), "status"), "denied");
  EXPECT_EQ(beat(held).answer.decisions.size(), 1U);
}

TEST_F(ApprovalServiceTest, AScopeThatWasNotOfferedAndAnUnknownApprovalAreRefused) {
  const auto held = running();
  auto body = question();
  body.scopes = {ApprovalScope::once, ApprovalScope::session};
  const auto id = ask(held, body)->approval.id;
  EXPECT_EQ(decide(held.job.id, id, ApprovalVerdict::allow, ApprovalScope::always).error().status, 400);
  EXPECT_EQ(decide(held.job.id, "unknown").error().code, "approval_not_found");
  const auto other = running("s2");
  EXPECT_EQ(decide(other.job.id, id).error().code, "approval_not_found");
  EXPECT_TRUE(decide(held.job.id, id, ApprovalVerdict::allow, ApprovalScope::session));
}

TEST_F(ApprovalServiceTest, WhatIsNotValidIsRefusedByFieldAndAStaleTokenByTheLease) {
  const auto held = running();
  auto body = question();
  body.payload_hash = std::string(64, 'A');
  body.tool_name = "";
  body.scopes.emplace();
  const auto refused = ask(held, body);
  ASSERT_FALSE(refused);
  const auto& details = refused.error().more.at("details").as_object();
  EXPECT_TRUE(details.contains("payloadHash"));
  EXPECT_TRUE(details.contains("toolName"));
  EXPECT_TRUE(details.contains("scopes"));
  const auto stale = request([&] { return approvals->request(held.job.id, "other", question(), now); });
  EXPECT_EQ(stale.error().code, "lease_lost");
  const auto unknown =
      request([&] { return approvals->request("nobody", held.lease_token, question(), now); });
  EXPECT_EQ(unknown.error().code, "job_not_found");
}

TEST_F(ApprovalServiceTest, WhenWhatWasAskedForHasChangedItIsAskedAnewAndTheOldQuestionExpires) {
  const auto held = running();
  const auto old = ask(held, question("call-1", 'a'))->approval.id;
  const auto changed = ask(held, question("call-1", 'b'));
  EXPECT_TRUE(changed->is_new);
  EXPECT_EQ(changed->approval.status, ApprovalStatus::pending);
  EXPECT_EQ(decide(held.job.id, old).error().code, "approval_expired");
  EXPECT_TRUE(beat(held).answer.decisions.empty());  // nobody waits for the answer to the old question
  // Back to what was first: a new question again, not the old one's end.
  EXPECT_EQ(ask(held, question("call-1", 'a'))->approval.status, ApprovalStatus::pending);
}

TEST_F(ApprovalServiceTest, WhatNobodyDecidesInTimeExpiresAndTheWorkerHearsADenialWithTheReason) {
  const auto held = running();
  auto body = question();
  body.expires_at = now.wall + seconds{20};
  const auto id = ask(held, body)->approval.id;
  EXPECT_EQ(approvals->next_expiry(), now.wall + seconds{20});
  advance(seconds{20});
  request([&] {
    approvals->expire(now.wall);
    return 0;
  });
  const auto told = beat(held).answer.decisions;
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told.front().decision, ApprovalVerdict::deny);
  EXPECT_EQ(told.front().reason, "nobody decided in time");
  EXPECT_EQ(events_of(held.job.id).back(), "approval_decided");
  EXPECT_EQ(decide(held.job.id, id).error().code, "approval_expired");
  EXPECT_EQ(approvals->next_expiry(), std::nullopt);
}

TEST_F(ApprovalServiceTest, ADecisionAfterTheTimeIsRefusedWhetherTheSweeperCameByOrNot) {
  const auto held = running();
  auto body = question();
  body.expires_at = now.wall + seconds{20};
  const auto id = ask(held, body)->approval.id;
  advance(seconds{20});
  EXPECT_EQ(decide(held.job.id, id).error().code, "approval_expired");
  EXPECT_EQ(beat(held).answer.decisions.front().decision, ApprovalVerdict::deny);
}

TEST_F(ApprovalServiceTest, PendingQuestionsEndWithTheJobBeforeItsLastEvent) {
  for (const bool by_abort : {false, true}) {
    const auto held = running(by_abort ? "s1" : "s2");
    const auto id = ask(held, question())->approval.id;
    ASSERT_TRUE(by_abort ? abort(held.job.id).has_value() : fail(held.job.id, held.lease_token).has_value());
    EXPECT_EQ(decide(held.job.id, id).error().code, "approval_expired");
    const auto names = events_of(held.job.id);
    EXPECT_EQ(names.at(names.size() - 2), "approval_decided");
    EXPECT_EQ(names.back(), by_abort ? "log" : "job_failed");
    if (by_abort) EXPECT_EQ(ask(held, question("call-2")).error().code, "not_running");
  }
}

TEST_F(ApprovalServiceTest, AnAttemptThatWaitsForADecisionGoesBackUncountedAndTheNextTakesTheDecisionOnce) {
  const auto first = running();
  ASSERT_TRUE(report(first.job.id, first.lease_token, EventType::agent_text_delta));
  tool(first, EventType::tool_start, "call-0");
  tool(first, EventType::tool_end, "call-0");
  const auto id = ask(first, question("call-1"))->approval.id;
  for (int round = 0; round < 4; ++round) {  // more often than max_attempts
    lose_lease();
    ASSERT_EQ(job(first.job.id).status, JobStatus::queued);
    EXPECT_EQ(job(first.job.id).attempt, 0);
    const auto next = claim("w2").value();
    EXPECT_EQ(next.job.attempt, 1);
    ASSERT_EQ(next.approvals.size(), 1U);
    EXPECT_EQ(next.approvals.front().id, id);
    const auto taken = ask(next, question("call-" + std::to_string(round + 2)));
    EXPECT_EQ(taken->approval.id, id);
    EXPECT_FALSE(taken->is_new);
    EXPECT_EQ(taken->approval.status, ApprovalStatus::pending);
  }
  lose_lease();
  ASSERT_TRUE(decide(first.job.id, id));  // while the job waits in the queue
  restart();
  const auto last = claim("w3").value();
  EXPECT_EQ(last.approvals.front().status, ApprovalStatus::allowed);
  EXPECT_TRUE(beat(last).answer.decisions.empty());
  const auto taken = ask(last, question("call-9"));
  EXPECT_EQ(taken->approval.status, ApprovalStatus::allowed);
  EXPECT_EQ(taken->approval.tool_call_id, "call-9");
  EXPECT_EQ(ask(last, question("call-9"))->approval.id, id);  // the answer was lost on its way
  // The same command a second time is another question.
  EXPECT_EQ(ask(last, question("call-10"))->approval.status, ApprovalStatus::pending);
}

TEST_F(ApprovalServiceTest, AHandedBackJobThatWaitsForADecisionIsNotCountedEither) {
  const auto held = running();
  ask(held, question());
  ASSERT_TRUE(report(held.job.id, held.lease_token, EventType::agent_text_delta));
  ASSERT_TRUE(fail(held.job.id, held.lease_token, true));
  EXPECT_EQ(job(held.job.id).status, JobStatus::queued);
  EXPECT_EQ(job(held.job.id).attempt, 0);
  EXPECT_EQ(beat(claim("w2").value()).answer.decisions.size(), 0U);
}

TEST_F(ApprovalServiceTest, ACallThatWasStartedIsNotRepeated) {
  const auto held = running();
  const auto id = ask(held, question())->approval.id;
  ASSERT_TRUE(decide(held.job.id, id));
  beat(held, 1);
  tool(held, EventType::tool_start, "call-1");
  lose_lease();
  EXPECT_EQ(job(held.job.id).status, JobStatus::failed);
  EXPECT_EQ(job(held.job.id).error, "worker_lost");
}

TEST_F(ApprovalServiceTest, WhileAnotherCallRunsAWaitingOneDoesNotMakeTheAttemptRepeatable) {
  const auto held = running();
  tool(held, EventType::tool_start, "call-0");
  ask(held, question("call-1"));
  lose_lease();
  EXPECT_EQ(job(held.job.id).status, JobStatus::failed);
}

TEST_F(ApprovalServiceTest, AfterADenialTheAgentGoesOnAndItsAttemptIsNotRepeated) {
  const auto held = running();
  const auto id = ask(held, question())->approval.id;
  ASSERT_TRUE(decide(held.job.id, id, ApprovalVerdict::deny));
  beat(held, 1);
  ASSERT_TRUE(report(held.job.id, held.lease_token, EventType::agent_text_delta));
  lose_lease();
  EXPECT_EQ(job(held.job.id).status, JobStatus::failed);
}

TEST_F(ApprovalServiceTest, ADecisionForTheSessionOrForAlwaysAnswersLaterQuestionsOfTheSameRequester) {
  const auto held = running("s1");
  const auto id = ask(held, question("call-1"))->approval.id;
  ASSERT_TRUE(decide(held.job.id, id, ApprovalVerdict::allow, ApprovalScope::session));
  const auto again = ask(held, question("call-2"));
  EXPECT_TRUE(again->is_new);
  EXPECT_EQ(again->approval.status, ApprovalStatus::allowed);
  EXPECT_EQ(again->approval.decider_id, "1001");
  EXPECT_EQ(ask(held, question("call-3", 'b'))->approval.status, ApprovalStatus::pending);
  EXPECT_TRUE(beat(held, 1).answer.decisions.empty());

  const auto other_session = running("s2");
  const auto asked = ask(other_session, question("call-1"))->approval;
  EXPECT_EQ(asked.status, ApprovalStatus::pending);
  ASSERT_TRUE(decide(other_session.job.id, asked.id, ApprovalVerdict::deny, ApprovalScope::always));
  EXPECT_EQ(ask(running("s3"), question())->approval.status, ApprovalStatus::denied);
  EXPECT_EQ(ask(held, question("call-4"))->approval.status, ApprovalStatus::denied);  // a denial comes first

  auto stranger = task("s4");
  stranger.requester_id = "2002";
  create(stranger);
  EXPECT_EQ(ask(claim("w1").value(), question())->approval.status, ApprovalStatus::pending);
}

TEST_F(ApprovalServiceTest, APermissionDoesNotAnswerWhereItsScopeIsNotOffered) {
  const auto held = running();
  const auto id = ask(held, question("call-1"))->approval.id;
  ASSERT_TRUE(decide(held.job.id, id, ApprovalVerdict::allow, ApprovalScope::always));
  auto wrapper = question("call-2");
  wrapper.scopes = {ApprovalScope::once};
  EXPECT_EQ(ask(held, wrapper)->approval.status, ApprovalStatus::pending);
}

TEST_F(ApprovalServiceTest, ARevokedDecisionAnswersNothingMore) {
  const auto held = running();
  const auto id = ask(held, question("call-1"))->approval.id;
  ASSERT_TRUE(decide(held.job.id, id, ApprovalVerdict::allow, ApprovalScope::always));
  ask(held, question("call-2"));
  const auto list = approvals->standing().decisions;
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list.front().used, 1);
  const auto number = std::to_string(list.front().id);
  EXPECT_TRUE(request([&] { return approvals->revoke(number, {.revoker_id = "1001"}, now.wall); }));
  EXPECT_EQ(request([&] { return approvals->revoke(number, {}, now.wall); }).error().code,
            "decision_not_found");
  EXPECT_EQ(request([&] { return approvals->revoke("7x", {}, now.wall); }).error().status, 404);
  EXPECT_EQ(ask(held, question("call-3"))->approval.status, ApprovalStatus::pending);
}

TEST_F(ApprovalServiceTest, WhoAskedWhoDecidedAndWhatAnsweredIsInTheAuditLog) {
  const auto held = running();
  const auto id = ask(held, question("call-1"))->approval.id;
  ASSERT_TRUE(decide(held.job.id, id, ApprovalVerdict::allow, ApprovalScope::always));
  ask(held, question("call-2"));
  ask(held, question("call-3", 'b'));
  ASSERT_TRUE(complete(held.job.id, held.lease_token));
  EXPECT_EQ(audited(held.job.id),
            (std::vector<std::string>{"job.created 1001", "approval.requested worker:w1",
                                      "approval.decided 1001", "decision.added 1001", "decision.used 1001",
                                      "approval.requested worker:w1", "approval.expired orchestrator"}));
}

TEST_F(ApprovalServiceTest, WhoApprovedDeniedAndAbortedAJobIsInTheAuditLog) {
  auto body = task();
  body.requires_approval = true;
  const auto denied = create(body).id;
  ASSERT_TRUE(
      abort(denied, {.reason = "denied", .requester_id = "7", .if_status = JobStatus::needs_approval}));
  EXPECT_EQ(audited(denied), (std::vector<std::string>{"job.created 1001", "job.denied 7"}));

  const auto approved = create(body).id;
  ASSERT_TRUE(request([&] { return jobs->approve(approved, {.approver_id = "8"}, now.wall); }));
  const auto held = claim("w1").value();
  ASSERT_TRUE(request([&] {
    return jobs->pause({.reason = "panic", .abort_running = true, .requester_id = "9"}, now.wall);
  }));
  ASSERT_TRUE(request([&] { return leases->acknowledge_abort(approved, held.lease_token, {}, now); }));
  EXPECT_EQ(audited(approved), (std::vector<std::string>{"job.created 1001", "job.approved 8",
                                                         "job.abort_requested 9", "job.aborted worker:w1"}));
  EXPECT_EQ(audited("claims"), (std::vector<std::string>{"admin.paused 9"}));
}

TEST_F(ApprovalServiceTest, PanicTellsHowManyJobsItAborts) {
  running("s1");
  const auto held = running("s2");
  const auto id = ask(held, question())->approval.id;
  const auto paused = request(
      [&] { return jobs->pause({.reason = "panic", .abort_running = true, .requester_id = "9"}, now.wall); });
  EXPECT_EQ(paused->aborted, 2);
  EXPECT_EQ(decide(held.job.id, id).error().code, "approval_expired");
  const auto again = request([&] { return jobs->pause({.abort_running = true}, now.wall); });
  EXPECT_EQ(again->aborted, 0);
  EXPECT_EQ(request([&] { return jobs->pause({}, now.wall); })->aborted, std::nullopt);
}

TEST_F(ApprovalServiceTest, AnInputThatDoesNotFitIntoAnEventIsOnlyToldToBeThere) {
  const auto held = running();
  auto body = question();
  body.input = json::Object{{"content", std::string(100'000, 'x')}};
  ASSERT_TRUE(ask(held, body));
  const auto page = request([&] { return jobs->events(held.job.id, 0); });
  const auto shown = json::decode<api::Approval>(*page->events.back().data);
  ASSERT_TRUE(shown);
  EXPECT_EQ(json::find_integer(shown->input, "omittedBytes"), 100'014);
  const auto whole = request([&] { return approvals->list(held.job.id); });
  EXPECT_EQ(json::find_string(whole->approvals.front().input, "content").size(), 100'000U);
}

}  // namespace
}  // namespace butler::orchestrator::approval_service_test
