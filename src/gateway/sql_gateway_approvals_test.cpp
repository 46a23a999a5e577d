#include "gateway/sql_gateway_fixture.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway::sql_gateway_approvals_test {

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The approvals' part of the store; restart() is what a new process sees.
class ApprovalRecordsTest : public GatewayStoreTest {
 protected:
  ApprovalRecordsTest() { add_job("job", 7); }

  AskedApproval asked(std::string id, std::string job = "job") const {
    return {.id = std::move(id), .job_id = std::move(job), .summary = "bash: ls", .asked_at = now};
  }
};

TEST_P(ApprovalRecordsTest, AnApprovalIsAddedOnceAndKeptWithItsPlaces) {
  const std::vector<ApprovalPlace> places{{.lane = {7}, .source = "tool:a:7"},
                                          {.lane = {42, 3}, .source = "tool:a:42", .asks = true}};
  EXPECT_TRUE(store->add_approval(asked("a"), places));
  EXPECT_FALSE(store->add_approval(asked("a"), {}));
  restart();
  EXPECT_EQ(store->approval("a"), asked("a"));
  EXPECT_EQ(store->approval_places("a"), places);
  EXPECT_EQ(store->approval("b"), std::nullopt);
}

TEST_P(ApprovalRecordsTest, ItEndsOnceAndWaitsNoMore) {
  store->add_approval(asked("a"), {});
  store->add_approval(asked("b"), {});
  EXPECT_TRUE(store->end_approval("a", now));
  EXPECT_FALSE(store->end_approval("a", now));
  EXPECT_FALSE(store->end_approval("nobody", now));
  restart();
  EXPECT_THAT(store->waiting_approvals_of("job"), ElementsAre(asked("b")));
  EXPECT_TRUE(needed(store->approval("a")).over);
}

TEST_P(ApprovalRecordsTest, TheScopeOfItsJobIsItsOwn) {
  add_job("other", 8);
  store->add_approval(asked("a"), {});
  store->add_approval(asked("b", "other"), {});
  EXPECT_THAT(store->waiting_approvals({.chat_id = 7}), ElementsAre(asked("a")));
  EXPECT_THAT(store->waiting_approvals({.chat_id = 8, .requester_id = 7}), IsEmpty());
  EXPECT_THAT(store->approvals({}, 10), ElementsAre(asked("b", "other"), asked("a")));
}

TEST_P(ApprovalRecordsTest, ACommandMeansTheSameAfterARestart) {
  store->add_approval(asked("a"), {});
  store->note_approval_command({.update_id = 5, .approval_id = "a", .person_id = 42, .person_name = "Ada"});
  store->note_approval_command({.update_id = 6, .approval_id = "a", .person_id = 43, .person_name = "Bob"});
  restart();
  EXPECT_EQ(needed(store->approval_command(5)).approval_id, "a");
  EXPECT_FALSE(store->approval_command(7));
  EXPECT_EQ(store->decider_name("a", 43), "Bob");
  EXPECT_EQ(store->decider_name("a", 44), std::nullopt);
}

TEST_P(ApprovalRecordsTest, OnlyWhatStandsInTheChatBeforeAMessageCanHaveBeenSeen) {
  const Outgoing message{.source = "tool:a:7", .kind = MessageKind::approval, .to = {7}, .payloads = {"{}"}};
  EXPECT_EQ(store->seen_before("tool:a:7", 7, 100), Seen::no);
  store->add_outgoing(message, FirstPart::waits, now);
  EXPECT_EQ(store->seen_before("tool:a:7", 7, 100), Seen::no);
  const auto row = needed(store->first_unsent(7)).id;
  store->mark_sending(row, now);
  EXPECT_EQ(store->seen_before("tool:a:7", 7, 100), Seen::soon_known);
  store->mark_sent(row, 50, now);
  EXPECT_EQ(store->seen_before("tool:a:7", 7, 100), Seen::yes);
  EXPECT_EQ(store->seen_before("tool:a:7", 7, 50), Seen::no);
  EXPECT_EQ(store->seen_before("tool:a:7", 8, 100), Seen::no) << "another chat";
}

TEST_P(ApprovalRecordsTest, WhatNobodyKnowsToHaveArrivedWasNotSeen) {
  store->add_outgoing({.source = "tool:a:7", .kind = MessageKind::approval, .to = {7}, .payloads = {"{}"}},
                      FirstPart::is_being_sent, now);
  store->recover_sending(now);
  EXPECT_EQ(store->seen_before("tool:a:7", 7, 100), Seen::no);
}

TEST_P(ApprovalRecordsTest, ItsPlacesMoveWithAGroupAndItIsForgottenInTheEnd) {
  store->add_approval(asked("a"), {{.lane = {-5}, .source = "tool:a:-5", .asks = true}});
  store->move_chat(-5, -1'005);
  EXPECT_EQ(store->approval_places("a")[0].lane.chat_id, -1'005);
  store->prune(now + 24h * 365);
  EXPECT_TRUE(store->approval("a")) << "it waits as long as it takes";
  store->end_approval("a", now);
  store->prune(now + 24h * 365);
  EXPECT_FALSE(store->approval("a"));
}

INSTANTIATE_TEST_SUITE_P(Backends, ApprovalRecordsTest, all_backends());

}  // namespace

}  // namespace butler::gateway::sql_gateway_approvals_test
