#include "gateway/sql_gateway_fixture.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway::sql_gateway_outbox_test {

namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const Lane chat{.chat_id = 42};
const Lane group{.chat_id = -5, .thread_id = 3};

class GatewayOutboxTest : public GatewayStoreTest {
 protected:
  bool add(std::string source, std::vector<std::string> payloads, FirstPart first = FirstPart::waits,
           MessageKind kind = MessageKind::answer, Lane to = chat) {
    return store->add_outgoing(
        {.source = std::move(source), .kind = kind, .to = to, .payloads = std::move(payloads)}, first, now);
  }

  OutboxRow first(std::int64_t chat_id = 42) { return needed(store->first_unsent(chat_id)); }
};

TEST_P(GatewayOutboxTest, AMessageIsAddedOncePerSource) {
  EXPECT_TRUE(add("job-1", {"a", "b"}));
  restart();
  EXPECT_FALSE(add("job-1", {"other"}));
  EXPECT_EQ(first().payload, "a");
}

TEST_P(GatewayOutboxTest, FilesThatCouldNotBeSentStandBehindTheChatsMessages) {
  add("files:job-1", {"file"});
  add("job-2", {"answer"});
  add("status:job-3", {"notice"}, FirstPart::waits, MessageKind::notice);
  EXPECT_EQ(first().payload, "file") << "before its first try it has its place";
  const auto file = first().id;
  store->mark_sending(file, now);
  store->mark_pending(file, now + 1s, 0, "the orchestrator is away");
  std::string order;
  while (const auto row = store->first_unsent(42)) {
    order += row->payload + " ";
    store->mark_sending(row->id, now);
    store->mark_sent(row->id, 1, now);
  }
  EXPECT_EQ(order, "answer notice file ");
}

TEST_P(GatewayOutboxTest, PartsAndMessagesOfAChatGoInOrder) {
  add("job-1", {"a", "b"});
  add("job-2", {"c"});
  std::string order;
  while (const auto row = store->first_unsent(42)) {
    order += row->payload;
    store->mark_sending(row->id, now);
    restart();
    store->mark_sent(row->id, 1, now);
  }
  EXPECT_EQ(order, "abc");
}

TEST_P(GatewayOutboxTest, AFirstPartMayBeClaimedWithTheCommitThatAddsIt) {
  add("job-1", {"a", "b"}, FirstPart::is_being_sent);

  EXPECT_EQ(first().state, OutboxState::sending);
  EXPECT_EQ(first().attempts, 1);
  store->mark_sent(first().id, 7, now);
  EXPECT_EQ(first().state, OutboxState::pending);
  EXPECT_EQ(first().payload, "b");
}

TEST_P(GatewayOutboxTest, ARetryWaitsInFrontOfWhatCameLater) {
  add("job-1", {"a"}, FirstPart::is_being_sent);
  add("job-2", {"b"});
  store->mark_pending(first().id, now + 7s, 2, "429");
  restart();

  EXPECT_EQ(first().payload, "a");
  EXPECT_EQ(first().next_at, now + 7s);
  EXPECT_EQ(first().restarts, 2);
}

TEST_P(GatewayOutboxTest, WhatWasBeingSentAtTheEndIsUncertainAndAnswersAreTriedOnceMore) {
  add("job-1", {"a"}, FirstPart::is_being_sent);
  restart();
  EXPECT_EQ(store->recover_sending(now + 5s), 1U);
  EXPECT_EQ(first().state, OutboxState::uncertain);
  EXPECT_EQ(first().next_at, now + 5s);
  EXPECT_EQ(first().unknown_outcomes, 1);

  store->mark_sending(first().id, now);
  EXPECT_EQ(first().attempts, 2);
  restart();
  store->recover_sending(now + 5s);
  EXPECT_FALSE(store->first_unsent(42));
}

TEST_P(GatewayOutboxTest, ANoticeOrApprovalThatWasBeingSentAtTheEndIsNotRepeated) {
  add("notice", {"a"}, FirstPart::is_being_sent, MessageKind::notice);
  add("approval", {"b"}, FirstPart::is_being_sent, MessageKind::approval, group);
  restart();
  EXPECT_EQ(store->recover_sending(now), 2U);
  EXPECT_THAT(store->chats_with_unsent(), IsEmpty());
}

TEST_P(GatewayOutboxTest, UncertainMayWaitForARetryOrBeLeft) {
  add("job-1", {"a"}, FirstPart::is_being_sent);
  store->mark_uncertain(first().id, now + 5s, "reset", now);
  EXPECT_EQ(first().unknown_outcomes, 1);
  store->mark_sending(first().id, now);
  store->mark_uncertain(first().id, std::nullopt, "reset", now);
  EXPECT_FALSE(store->first_unsent(42));
}

TEST_P(GatewayOutboxTest, ADeadPartMakesRoomForTheNext) {
  add("job-1", {"a"}, FirstPart::is_being_sent);
  add("job-2", {"b"});
  store->mark_dead(first().id, "403", now);
  EXPECT_EQ(first().payload, "b");
}

TEST_P(GatewayOutboxTest, AReplacedPartKeepsItsPlace) {
  add("job-1", {"a"}, FirstPart::is_being_sent);
  add("job-2", {"b"});
  store->replace_part(first().id, "plain", chat, now);
  EXPECT_EQ(first().payload, "plain");
  EXPECT_EQ(first().state, OutboxState::pending);
}

TEST_P(GatewayOutboxTest, OnlyAPartThatIsBeingSentCanBeSettled) {
  add("job-1", {"a"});
  EXPECT_THROW(store->mark_sent(first().id, 1, now), std::logic_error);
  EXPECT_THROW(store->mark_dead(first().id, "x", now), std::logic_error);
}

TEST_P(GatewayOutboxTest, AMovedChatTakesEverythingAlong) {
  add("job-1", {"a"}, FirstPart::is_being_sent, MessageKind::answer, group);
  add("job-2", {"b"}, FirstPart::waits, MessageKind::answer, group);
  const std::string key = store->session(group, now).key;
  const std::string other_key = store->session({.chat_id = -55}, now).key;
  store->add_update({5, "{}"}, now);
  store->add_turn({.idempotency_key = "k", .lane = group, .body = "{}"}, {5}, now);

  store->move_chat(-5, -100'7);
  restart();

  EXPECT_THAT(store->chats_with_unsent(), UnorderedElementsAre(-100'7));
  EXPECT_EQ(first(-100'7).payload, "a");
  EXPECT_EQ(needed(store->first_stored_turn({.chat_id = -100'7, .thread_id = 3})).idempotency_key, "k");
  EXPECT_EQ(store->session({.chat_id = -100'7, .thread_id = 3}, now).key, key)
      << "the agent keeps its memory";
  EXPECT_EQ(store->session({.chat_id = -55}, now).key, other_key) << "a chat whose id begins alike stays";
}

INSTANTIATE_TEST_SUITE_P(Backends, GatewayOutboxTest, all_backends());

}  // namespace

}  // namespace butler::gateway::sql_gateway_outbox_test
