#include "store/approval_store.hpp"

#include "store/job_store_fixture.hpp"

namespace butler::store::approval_store_test {
namespace {

using domain::ApprovalStatus;

class ApprovalStoreTest : public JobStoreTest {
 protected:
  std::int64_t new_row() { return store->find(add())->row; }

  ApprovalRecord ask(std::int64_t job_row, const std::string& call, char hash = 'a') {
    ApprovalRecord record;
    record.job_row = job_row;
    auto& approval = record.approval;
    approval.id = "approval-" + call + hash;
    approval.tool_call_id = call;
    approval.tool_name = "bash";
    approval.summary = "ls \xF0\x9F\x98\x80";
    approval.input = json::Object{{"command", "ls"}};
    approval.risk = "read";
    approval.payload_hash = std::string(64, hash);
    approval.cwd = "/w";
    approval.sandbox_profile = "bwrap/1";
    approval.scopes = {domain::ApprovalScope::once, domain::ApprovalScope::session};
    approval.created_at = now;
    durably([&] { record.row = store->approvals().insert(record); });
    return record;
  }

  void decide(ApprovalRecord record, ApprovalStatus status) {
    record.approval.status = status;
    if (status != ApprovalStatus::expired) record.approval.scope = domain::ApprovalScope::once;
    record.approval.decided_at = now;
    durably([&] {
      record.decision_seq = store->approvals().next_seq(record.job_row);
      store->approvals().update(record);
    });
  }

  static std::vector<std::string> ids(const std::vector<ApprovalRecord>& records) {
    std::vector<std::string> found;
    for (const auto& record : records) found.push_back(record.approval.id);
    return found;
  }
};

using Ids = std::vector<std::string>;

TEST_P(ApprovalStoreTest, AnApprovalIsKeptWithAllThatItIsBoundTo) {
  const auto row = new_row();
  const auto asked = ask(row, "c1");
  reopen();
  const auto found = store->approvals().find(row, asked.approval.id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->approval.summary, asked.approval.summary);
  EXPECT_EQ(found->approval.input, asked.approval.input);
  EXPECT_EQ(found->approval.payload_hash, asked.approval.payload_hash);
  EXPECT_EQ(found->approval.scopes, asked.approval.scopes);
  EXPECT_EQ(found->approval.status, ApprovalStatus::pending);
  EXPECT_EQ(found->approval.created_at, now);
  EXPECT_FALSE(store->approvals().find(row + 1, asked.approval.id));
}

TEST_P(ApprovalStoreTest, DecisionsAndMessagesShareOneSequence) {
  const auto row = new_row();
  const auto first = ask(row, "c1");
  const auto second = ask(row, "c2");
  durably([&] { EXPECT_EQ(store->add_message(row, "k1", api::MessageMode::steer, "hi", now), 1); });
  decide(second, ApprovalStatus::allowed);
  durably([&] { EXPECT_EQ(store->add_message(row, "k2", api::MessageMode::steer, "hi", now), 3); });
  decide(first, ApprovalStatus::denied);
  EXPECT_EQ(ids(store->approvals().undelivered(row)), (Ids{"approval-c2a", "approval-c1a"}));
  durably([&] { store->approvals().acknowledge(row, 3); });
  EXPECT_EQ(ids(store->approvals().undelivered(row)), Ids{"approval-c1a"});
}

TEST_P(ApprovalStoreTest, WhatALostAttemptDidNotStartIsCarriedOver) {
  const auto row = new_row();
  ask(row, "c1", 'a');
  decide(ask(row, "c2", 'b'), ApprovalStatus::allowed);
  ask(row, "c3", 'c');
  decide(ask(row, "c4", 'd'), ApprovalStatus::expired);
  EXPECT_TRUE(store->approvals().has_open_call(row));
  durably([&] {
    store->approvals().close_call(row, "c3");
    store->approvals().carry(row);
  });
  EXPECT_FALSE(store->approvals().has_open_call(row));
  EXPECT_EQ(ids(store->approvals().carried(row)), (Ids{"approval-c1a", "approval-c2b"}));
  EXPECT_TRUE(store->approvals().undelivered(row).empty());
  EXPECT_EQ(store->approvals().find_carried(row, std::string(64, 'b'))->approval.tool_call_id, "c2");
  EXPECT_FALSE(store->approvals().find_carried(row, std::string(64, 'c')));
  EXPECT_FALSE(store->approvals().find_carried(row, std::string(64, 'd')));
}

TEST_P(ApprovalStoreTest, OnlyCallsWhoseDecisionIsKnownAreClosedWhenTheAgentGoesOn) {
  const auto row = new_row();
  decide(ask(row, "c1"), ApprovalStatus::denied);
  durably([&] { store->approvals().close_delivered(row); });
  EXPECT_TRUE(store->approvals().has_open_call(row));
  durably([&] {
    store->approvals().acknowledge(row, 1);
    store->approvals().close_delivered(row);
  });
  EXPECT_FALSE(store->approvals().has_open_call(row));
}

TEST_P(ApprovalStoreTest, WhatIsOverdueIsFoundByItsTimeAndOnlyWhileItWaits) {
  const auto row = new_row();
  EXPECT_EQ(store->approvals().next_expiry(), std::nullopt);
  ask(row, "never");
  auto record = ask(row, "c1");
  record.approval.expires_at = now + milliseconds{10};
  record.approval.id = "expiring";
  record.approval.tool_call_id = "c2";
  durably([&] { record.row = store->approvals().insert(record); });
  EXPECT_EQ(store->approvals().next_expiry(), now + milliseconds{10});
  EXPECT_TRUE(store->approvals().overdue(now + milliseconds{9}).empty());
  EXPECT_EQ(ids(store->approvals().overdue(now + milliseconds{10})), Ids{"expiring"});
  decide(record, ApprovalStatus::expired);
  EXPECT_EQ(store->approvals().next_expiry(), std::nullopt);
}

TEST_P(ApprovalStoreTest, AStandingDecisionIsReplacedByItsSuccessorAndOldOnesOfSessionsAreForgotten) {
  api::StandingDecision decision{.decision = domain::ApprovalVerdict::allow,
                                 .payload_hash = "h",
                                 .requester_id = "1001",
                                 .session_key = "s1",
                                 .tool_name = "bash",
                                 .summary = "ls",
                                 .decider_id = "1001",
                                 .created_at = now};
  auto& approvals = store->approvals();
  durably([&] {
    approvals.put_standing(decision);
    decision.decision = domain::ApprovalVerdict::deny;
    approvals.put_standing(decision);
    decision.session_key.reset();
    decision.decision = domain::ApprovalVerdict::allow;
    approvals.put_standing(decision);
    approvals.put_standing(decision);
  });
  const auto found = approvals.find_standing("h", "1001", "s1");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found.front().decision, domain::ApprovalVerdict::deny);
  EXPECT_EQ(approvals.find_standing("h", "1001", "s2").size(), 1U);
  EXPECT_TRUE(approvals.find_standing("h", "2002", "s1").empty());
  EXPECT_EQ(approvals.standing(10).size(), 2U);
  durably([&] { EXPECT_EQ(approvals.remove_unused_standing(now + milliseconds{1}, 10), 1); });
  EXPECT_EQ(approvals.standing(10).size(), 1U);
}

TEST_P(ApprovalStoreTest, EachRowOfTheAuditLogFollowsTheOneBeforeAlsoBehindWhatWasUndone) {
  const auto note = [&](const std::string& actor) {
    store->audit().append({.ts = now, .actor = actor, .action = "tested", .subject = actor});
  };
  durably([&] { note("a"); });
  store->begin();
  store->unit([&] { note("b1"); });
  EXPECT_THROW(store->unit([&] {
    note("undone");
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  store->unit([&] { note("b"); });
  store->commit();
  store->begin();
  store->unit([&] { note("undone with all the rest"); });
  store->rollback();
  durably([&] { note("b2"); });
  reopen();
  durably([&] { note("c"); });
  api::AuditCheck check;
  for (const auto& row : store->audit().rows_after(0, 10)) EXPECT_EQ(check.next(row), std::nullopt);
  EXPECT_EQ(check.rows(), 5);
  EXPECT_EQ(store->audit().last_rows(3).front().actor, "b");
  EXPECT_EQ(store->audit().rows_after(3, 10).size(), 2U);
}

TEST_P(ApprovalStoreTest, TheHashOfAnAuditRowIsOfWhatEveryDatabaseCanKeep) {
  const std::string odd("n\0l", 3);
  durably([&] { store->audit().append({.ts = now, .actor = odd, .action = odd, .subject = odd}); });
  const auto row = store->audit().last_rows(1).front();
  EXPECT_EQ(row.actor, "n\uFFFDl");
  EXPECT_EQ(row.action, row.actor);
  EXPECT_EQ(row.subject, row.actor);
  EXPECT_EQ(api::AuditCheck{}.next(row), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(AllBackends, ApprovalStoreTest, all_backends(),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace butler::store::approval_store_test
