#include "orchestrator/lease_service.hpp"

#include "orchestrator/service_fixture.hpp"

namespace butler::orchestrator::lease_service_test {
namespace {

using domain::EventType;
using domain::JobStatus;

class LeaseTest : public testing::Test, protected ServiceFixture {
 protected:
  std::vector<EventType> event_types(const std::string& id) {
    std::vector<EventType> types;
    for (const auto& event : store->events_after(store->find(id)->row, 0).events) types.push_back(event.type);
    return types;
  }
};

TEST_F(LeaseTest, AJobGoesFromItsCreationToItsResult) {
  const auto created = create(task());
  const auto claimed = claim("w1");
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->job.id, created.id);
  EXPECT_EQ(claimed->job.attempt, 1);
  EXPECT_TRUE(report(created.id, claimed->lease_token, EventType::agent_text_delta, 1));
  ASSERT_TRUE(complete(created.id, claimed->lease_token, "the answer"));

  const auto done = job(created.id);
  EXPECT_EQ(done.status, JobStatus::completed);
  EXPECT_EQ(done.result_text, "the answer");
  EXPECT_TRUE(done.finished_at);
  EXPECT_EQ(event_types(created.id), (std::vector{EventType::job_created, EventType::job_started,
                                                  EventType::agent_text_delta, EventType::job_finished}));
  EXPECT_EQ(jobs->deliveries("telegram", 0, 10).size(), 1U);
}

TEST_F(LeaseTest, AStaleTokenIsRefusedAndChangesNothing) {
  const auto id = create(task()).id;
  const auto first = claim("w1");
  advance(lease + std::chrono::seconds{1});
  expire();
  EXPECT_EQ(job(id).status, JobStatus::queued);
  EXPECT_EQ(complete(id, first->lease_token).error().code, "lease_lost");

  const auto second = claim("w2");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->job.attempt, 2);
  const auto refused = complete(id, first->lease_token);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "lease_lost");
  EXPECT_EQ(refused.error().more.at("holder"), "w2");
  EXPECT_EQ(job(id).status, JobStatus::running);
  EXPECT_TRUE(complete(id, second->lease_token));
}

TEST_F(LeaseTest, AnAttemptThatHasActedIsNotRepeatedWhenItsWorkerIsLost) {
  const auto id = create(task()).id;
  const auto claimed = claim("w1");
  ASSERT_TRUE(report(id, claimed->lease_token, EventType::agent_text_delta));
  ASSERT_TRUE(report(id, claimed->lease_token, EventType::tool_start));
  advance(lease + std::chrono::seconds{1});
  expire();
  EXPECT_EQ(job(id).status, JobStatus::failed);
  EXPECT_EQ(job(id).error, "worker_lost");
  EXPECT_EQ(job(id).result_text, "word ") << "what was said so far is kept";
}

TEST_F(LeaseTest, LogAndUsageAreNoActivity) {
  const auto id = create(task()).id;
  const auto claimed = claim("w1");
  ASSERT_TRUE(report(id, claimed->lease_token, EventType::log));
  ASSERT_TRUE(report(id, claimed->lease_token, EventType::usage));
  advance(lease + std::chrono::seconds{1});
  expire();
  EXPECT_EQ(job(id).status, JobStatus::queued);
}

TEST_F(LeaseTest, AJobIsRepeatedOnlyUpToItsMaximumOfAttempts) {
  const auto id = create(task()).id;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_EQ(claim("w1")->job.attempt, attempt);
    advance(lease + std::chrono::seconds{1});
    expire();
  }
  EXPECT_EQ(job(id).status, JobStatus::failed);
}

TEST_F(LeaseTest, AHeartbeatExtendsTheLease) {
  const auto id = create(task()).id;
  const auto claimed = claim("w1");
  for (int beat = 0; beat < 5; ++beat) {
    advance(std::chrono::seconds{20});
    expire();
    ASSERT_TRUE(request([&] { return leases->heartbeat(id, claimed->lease_token, 0, now); }));
  }
  EXPECT_EQ(job(id).status, JobStatus::running);
}

TEST_F(LeaseTest, AfterARestartARunningJobHasOneGraceLease) {
  const auto id = create(task()).id;
  const auto claimed = claim("w1");
  advance(std::chrono::hours{1});
  restart();
  expire();
  EXPECT_EQ(job(id).status, JobStatus::running) << "its worker may come back";
  EXPECT_TRUE(complete(id, claimed->lease_token));

  const auto other = create(task()).id;
  claim("w1");
  restart();
  advance(lease + std::chrono::seconds{1});
  expire();
  EXPECT_EQ(job(other).status, JobStatus::queued);
}

TEST_F(LeaseTest, AnEndThatTheStoreHasUndoneLeavesTheJobItsLease) {
  const auto id = create(task()).id;
  const auto claimed = claim("w1");
  store->begin();
  store->unit([&] {
    api::CompleteRequest body;
    body.result_text = "done";
    ASSERT_TRUE(leases->complete(id, claimed->lease_token, body, now));
  });
  store->rollback();
  leases->recover(now);
  EXPECT_EQ(job(id).status, JobStatus::running);
  advance(lease + std::chrono::seconds{1});
  expire();
  EXPECT_EQ(job(id).status, JobStatus::queued);
}

TEST_F(LeaseTest, AWorkerThatHandsBackAJobWithoutActivityGivesItToTheNext) {
  const auto id = create(task()).id;
  const auto claimed = claim("w1");
  ASSERT_TRUE(fail(id, claimed->lease_token, true));
  EXPECT_EQ(job(id).status, JobStatus::queued);
  const auto next = claim("w2");
  ASSERT_TRUE(report(id, next->lease_token, EventType::tool_start));
  ASSERT_TRUE(fail(id, next->lease_token, true));
  EXPECT_EQ(job(id).status, JobStatus::failed);
  EXPECT_EQ(job(id).error, "broken");
}

TEST_F(LeaseTest, ARepeatedClaimGetsTheSameJobAndLease) {
  const auto id = create(task("s1")).id;
  create(task("s2"));
  const auto first = claim("w1", "claim-1");
  const auto again = claim("w1", "claim-1");
  ASSERT_TRUE(first && again);
  EXPECT_EQ(again->job.id, id);
  EXPECT_EQ(again->lease_token, first->lease_token);
  ASSERT_TRUE(complete(id, first->lease_token));
  EXPECT_FALSE(claim("w1", "claim-1")) << "the claim is used up";
}

TEST_F(LeaseTest, ARepeatedCompleteIsAcceptedFromTheSameLeaseOnly) {
  const auto id = create(task()).id;
  const auto claimed = claim("w1");
  ASSERT_TRUE(complete(id, claimed->lease_token, "first"));
  const auto again = complete(id, claimed->lease_token, "second");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->job.result_text, "first");
  EXPECT_TRUE(fail(id, claimed->lease_token)) << "terminal is terminal, and the holder is not told off";
  EXPECT_EQ(job(id).status, JobStatus::completed);
  EXPECT_EQ(complete(id, "another").error().code, "lease_lost");
  EXPECT_EQ(jobs->deliveries("telegram", 0, 10).size(), 1U);
}

TEST_F(LeaseTest, CompleteAndClaimAreOneStepAndItsRepeatAnswersTheSameNext) {
  const auto first = create(task("s1")).id;
  const auto second = create(task("s1")).id;
  const auto claimed = claim("w1");
  api::ClaimRequest next;
  next.worker_id = "w1";
  const auto done = complete(first, claimed->lease_token, "done", next);
  ASSERT_TRUE(done && done->next);
  EXPECT_EQ(done->next->job.id, second);
  const auto again = complete(first, claimed->lease_token, "done", next);
  ASSERT_TRUE(again && again->next);
  EXPECT_EQ(again->next->lease_token, done->next->lease_token);
}

TEST_F(LeaseTest, ABatchOfEventsThatComesTwiceIsAppendedOnceAndAGapIsRefused) {
  const auto id = create(task()).id;
  const auto claimed = claim("w1");
  ASSERT_TRUE(report(id, claimed->lease_token, EventType::agent_text_delta, 1));
  ASSERT_TRUE(report(id, claimed->lease_token, EventType::agent_text_delta, 1));
  EXPECT_EQ(store->text_so_far(store->find(id)->row), "word ");
  EXPECT_EQ(report(id, claimed->lease_token, EventType::agent_text_delta, 3).error().code, "batch_gap");
  restart();
  ASSERT_TRUE(report(id, claimed->lease_token, EventType::agent_text_delta, 1)) << "also after a restart";
  EXPECT_EQ(store->text_so_far(store->find(id)->row), "word ");
}

TEST_F(LeaseTest, AnOldClientWithoutATokenIsAcceptedButNeverRepeated) {
  const auto id = create(task()).id;
  ASSERT_TRUE(claim("old"));
  ASSERT_TRUE(report(id, std::nullopt, EventType::log));
  advance(lease + std::chrono::seconds{1});
  expire();
  EXPECT_EQ(job(id).status, JobStatus::failed);

  const auto other = create(task()).id;
  const auto claimed = claim("new");
  ASSERT_TRUE(report(other, claimed->lease_token, EventType::log));
  EXPECT_EQ(complete(other, std::nullopt).error().code, "lease_lost");
}

TEST_F(LeaseTest, AnAbortReachesTheHolderOnceAndEndsWithItsAcknowledgement) {
  const auto id = create(task()).id;
  const auto claimed = claim("w1");
  const auto beat = [&] {
    return request([&] { return leases->heartbeat(id, claimed->lease_token, 0, now); });
  };
  EXPECT_FALSE(beat()->has_news);
  ASSERT_TRUE(abort(id));
  EXPECT_EQ(job(id).status, JobStatus::aborting);
  const auto told = beat();
  EXPECT_TRUE(told->has_news);
  EXPECT_TRUE(told->answer.abort_requested);
  EXPECT_FALSE(beat()->has_news) << "a holder that knows is not asked to hurry again";
  EXPECT_TRUE(beat()->answer.abort_requested);
  const api::AbortedRequest acknowledged{.reason = "stopped"};
  ASSERT_TRUE(
      request([&] { return leases->acknowledge_abort(id, claimed->lease_token, acknowledged, now); }));
  EXPECT_EQ(job(id).status, JobStatus::aborted);
}

TEST_F(LeaseTest, CompletingAnAbortingJobEndsItAsAborted) {
  const auto id = create(task()).id;
  const auto claimed = claim("w1");
  abort(id);
  ASSERT_TRUE(complete(id, claimed->lease_token));
  EXPECT_EQ(job(id).status, JobStatus::aborted);
}

TEST_F(LeaseTest, AnAbortingJobWhoseWorkerIsLostIsAborted) {
  const auto id = create(task()).id;
  claim("w1");
  abort(id);
  advance(lease + std::chrono::seconds{1});
  expire();
  EXPECT_EQ(job(id).status, JobStatus::aborted);
}

TEST_F(LeaseTest, NothingIsClaimedWhilePausedAndPanicAbortsWhatRuns) {
  const auto running = create(task("s1")).id;
  claim("w1");
  const auto waiting = create(task("s2")).id;
  const api::PauseRequest panic{.reason = "panic", .abort_running = true};
  ASSERT_TRUE(request([&] { return jobs->pause(panic, now.wall); }));
  EXPECT_EQ(job(running).status, JobStatus::aborting);
  EXPECT_FALSE(claim("w2"));
  restart();
  EXPECT_FALSE(claim("w2")) << "a pause survives a restart";
  request([&] { return jobs->resume({}, now.wall); });
  EXPECT_EQ(claim("w2")->job.id, waiting);
}

TEST_F(LeaseTest, AMessageForARunningJobIsRepeatedUntilItIsAcknowledged) {
  const auto id = create(task()).id;
  const api::MessageRequest left{.mode = api::MessageMode::steer, .text = "left"};
  EXPECT_EQ(request([&] { return jobs->send_message(id, left, "k1", now.wall); }).error().code,
            "not_running");
  const auto claimed = claim("w1");
  ASSERT_TRUE(request([&] { return jobs->send_message(id, left, "k1", now.wall); }));
  const auto beat = [&](std::int64_t ack) {
    return request([&] { return leases->heartbeat(id, claimed->lease_token, ack, now); });
  };
  EXPECT_EQ(beat(0)->answer.messages.size(), 1U);
  EXPECT_EQ(beat(0)->answer.messages.size(), 1U);
  EXPECT_TRUE(beat(1)->answer.messages.empty());
}

TEST_F(LeaseTest, ASessionStaysWithTheStoreThatFirstRanItAndItsAbsenceIsToldOnce) {
  const auto first = create(task()).id;
  const auto claimed = claim("w1", {}, "store-1");
  complete(first, claimed->lease_token);
  const auto second = create(task()).id;
  EXPECT_FALSE(claim("w2", {}, "store-2"));

  advance(session_home + std::chrono::seconds{1});
  const auto report_absent = [&] {
    request([&] {
      leases->report_absent_homes(now);
      return 0;
    });
  };
  report_absent();
  report_absent();
  EXPECT_EQ(event_types(second), (std::vector{EventType::job_created, EventType::log}));
  EXPECT_EQ(claim("w3", {}, "store-1")->job.id, second);
}

TEST_F(LeaseTest, AnIdempotencyKeyGivesTheFirstJobAgainAndRefusesAnotherBody) {
  const auto first = create(task(), "key");
  EXPECT_EQ(create(task(), "key").id, first.id);
  const auto other = request([&] { return jobs->create(task("s1", "something else"), "key", now.wall); });
  EXPECT_EQ(other.error().code, "idempotency_conflict");
  auto with_default = task();
  with_default.kind = domain::JobKind::task;
  with_default.requires_approval = false;
  EXPECT_EQ(create(with_default, "key").id, first.id) << "compared with defaults applied";
}

TEST_F(LeaseTest, ARunAlwaysNeedsApproval) {
  auto run = task();
  run.kind = domain::JobKind::run;
  run.requires_approval = false;
  const auto id = create(run).id;
  EXPECT_EQ(job(id).status, JobStatus::needs_approval);
  EXPECT_FALSE(claim("w1"));
  ASSERT_TRUE(request([&] { return jobs->approve(id, {}, now.wall); }));
  EXPECT_TRUE(claim("w1"));

  const auto denied = create(run).id;
  const api::AbortRequest deny{
      .reason = "denied", .requester_id = "1001", .if_status = JobStatus::needs_approval};
  ASSERT_TRUE(abort(denied, deny));
  EXPECT_EQ(job(denied).error, "denied");
  EXPECT_EQ(abort(id, deny).error().code, "invalid_transition")
      << "what runs already is not denied by mistake";
}

TEST_F(LeaseTest, UpdatedAtIncreasesWithEveryChangeEvenWhenTheClockStandsStill) {
  const auto created = create(task());
  const auto claimed = claim("w1");
  EXPECT_GT(claimed->job.updated_at, created.updated_at);
  complete(created.id, claimed->lease_token);
  EXPECT_GT(job(created.id).updated_at, claimed->job.updated_at);
}

}  // namespace
}  // namespace butler::orchestrator::lease_service_test
