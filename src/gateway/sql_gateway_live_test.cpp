#include "gateway/sql_gateway_fixture.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway::sql_gateway_live_test {

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

/// The previews' part of the store; restart() is what a new process sees.
class LiveRecordsTest : public GatewayStoreTest {
 protected:
  static LiveRow row(std::string job, std::int64_t chat = 7) {
    return {.job_id = std::move(job), .lane = {chat, 3}, .reacted_to = 5, .draft_id = 99};
  }
};

TEST_P(LiveRecordsTest, AChatKeepsItsModeAcrossARestart) {
  EXPECT_EQ(store->live_mode(7), std::nullopt);
  store->set_live_mode(7, LiveMode::draft, 42, now);
  store->set_live_mode(7, LiveMode::edit, 42, now);
  restart();
  EXPECT_EQ(store->live_mode(7), LiveMode::edit);
  EXPECT_EQ(store->live_mode(8), std::nullopt);
}

TEST_P(LiveRecordsTest, APreviewIsFoundByItsJobItsDraftAndItsMessage) {
  add_job("job", 7);
  EXPECT_EQ(store->add_live(row("job"), now), row("job"));
  LiveRow another = row("job");
  another.draft_id = 100;
  EXPECT_EQ(store->add_live(another, now).draft_id, 99) << "the first one stays";
  store->set_live_message("job", 11);
  store->set_live_edits("job", 4);
  restart();
  LiveRow expected = row("job");
  expected.message_id = 11;
  expected.edits = 4;
  EXPECT_EQ(store->live("job"), expected);
  EXPECT_EQ(store->live_of_draft(7, 99), expected);
  EXPECT_EQ(store->live_of_draft(8, 99), std::nullopt) << "a draft of another chat";
  EXPECT_EQ(store->live_of_message(7, 11), expected);
  store->remove_live("job");
  EXPECT_EQ(store->live("job"), std::nullopt);
}

TEST_P(LiveRecordsTest, WhatIsLeftOverBelongsToJobsThatWereAnsweredOrThatNobodyKnows) {
  add_job("open", 7);
  add_job("done", 7);
  store->add_live(row("open"), now);
  store->add_live(row("done"), now);
  store->add_live(row("unknown"), now);
  store->answer_turn("done", now);
  EXPECT_THAT(store->live_left_over(), ElementsAre(row("done"), row("unknown")));
}

TEST_P(LiveRecordsTest, ALatchHoldsUntilItsTimeAcrossARestart) {
  store->latch_drafts(7, now + 24h, "TEXTDRAFT_PEER_INVALID");
  restart();
  EXPECT_TRUE(store->drafts_latched(7, now + 23h));
  EXPECT_FALSE(store->drafts_latched(7, now + 24h));
  EXPECT_FALSE(store->drafts_latched(8, now));
}

TEST_P(LiveRecordsTest, AGroupThatBecomesASupergroupKeepsItsModeAndLosesItsMessages) {
  store->set_live_mode(-7, LiveMode::off, 42, now);
  store->add_live(row("job", -7), now);
  store->move_chat(-7, -100'7);
  EXPECT_EQ(store->live_mode(-100'7), LiveMode::off);
  EXPECT_EQ(store->live("job"), std::nullopt) << "there its message has another id";
}

INSTANTIATE_TEST_SUITE_P(Backends, LiveRecordsTest, all_backends());

}  // namespace

}  // namespace butler::gateway::sql_gateway_live_test
