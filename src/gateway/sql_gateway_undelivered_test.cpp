#include "gateway/sql_gateway_fixture.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway::sql_gateway_undelivered_test {

namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class UndeliveredTest : public GatewayStoreTest {
 protected:
  void add(std::string source, MessageKind kind = MessageKind::answer, std::int64_t chat_id = 42,
           std::string about = "") {
    const std::string payload = source;
    store->add_outgoing({.source = std::move(source),
                         .kind = kind,
                         .to = {.chat_id = chat_id},
                         .payloads = {payload},
                         .about = std::move(about)},
                        FirstPart::waits, now);
  }

  /// The payloads of a chat in the order in which they would be sent.
  std::string order(std::int64_t chat_id = 42) {
    std::string all;
    while (const auto row = store->first_unsent(chat_id)) {
      all += row->payload;
      store->mark_sending(row->id, now);
      store->mark_sent(row->id, 1, now);
    }
    return all;
  }

  std::int64_t die(std::string source, std::string_view error = "400 Bad Request") {
    add(std::move(source));
    const auto row = needed(store->first_unsent(42));
    store->mark_sending(row.id, now);
    store->mark_dead(row.id, error, now);
    return row.id;
  }
};

TEST_P(UndeliveredTest, AnswersFailuresAndApprovalsOvertakeNoticesAndKeepTheirOwnOrder) {
  add("1", MessageKind::notice);
  add("2");
  add("3", MessageKind::notice);
  add("4", MessageKind::failure);
  add("5", MessageKind::approval);
  add("6");
  EXPECT_EQ(order(), "245613");
}

TEST_P(UndeliveredTest, ANoticeThatIsBeingSentIsNotOvertaken) {
  add("1", MessageKind::notice);
  store->mark_sending(needed(store->first_unsent(42)).id, now);
  add("2");
  EXPECT_EQ(needed(store->first_unsent(42)).payload, "1");
}

TEST_P(UndeliveredTest, TheEndOfAJobTakesBackWhatWasToBeSaidOfIt) {
  add("waits", MessageKind::notice, 42, "job");
  add("other", MessageKind::notice, 42, "another");
  add("tried", MessageKind::notice, 7, "job");
  const auto tried = needed(store->first_unsent(7));
  store->mark_sending(tried.id, now);
  store->mark_pending(tried.id, now, 0, "429");

  store->withdraw_notices("job");

  EXPECT_EQ(order(), "other");
  EXPECT_EQ(order(7), "tried");
}

TEST_P(UndeliveredTest, AParkedChatIsKnownAcrossRestartsUntilItIsRevived) {
  add("kept");
  EXPECT_TRUE(store->park_chat(42, "403 Forbidden", now));
  EXPECT_FALSE(store->park_chat(42, "again", now));
  restart();
  ASSERT_THAT(store->parked_chats(), SizeIs(1));
  EXPECT_EQ(store->parked_chats()[0].reason, "403 Forbidden");

  EXPECT_TRUE(store->revive_chat(42, now));
  EXPECT_FALSE(store->revive_chat(42, now));
  EXPECT_THAT(store->parked_chats(), IsEmpty());
  EXPECT_EQ(order(), "kept");
}

TEST_P(UndeliveredTest, WhatWasKeptTooLongIsADeadLetterAndNoticesAreGone) {
  add("old");
  add("old notice", MessageKind::notice);
  add("elsewhere", MessageKind::answer, 7);
  now += 23h;
  add("new");
  store->park_chat(42, "403 Forbidden", now);

  now += 2h;
  EXPECT_EQ(store->give_up_parked(now - 24h, now), 1U);

  ASSERT_THAT(store->dead_letters(10), SizeIs(1));
  EXPECT_EQ(store->dead_letters(10)[0].source, "old");
  EXPECT_THAT(store->dead_letters(10)[0].reason, ::testing::HasSubstr("403 Forbidden"));
  EXPECT_EQ(order(), "new");
  EXPECT_EQ(order(7), "elsewhere");
}

TEST_P(UndeliveredTest, DeadLettersAreListedWithTheirReason) {
  die("a", "400 too odd");
  die("b", "400 too long");
  add("c");
  const auto row = needed(store->first_unsent(42));
  store->mark_sending(row.id, now);
  store->mark_uncertain(row.id, std::nullopt, "reset", now);
  restart();

  const auto letters = store->dead_letters(10);

  ASSERT_THAT(letters, SizeIs(3));
  EXPECT_EQ(letters[0].reason, "400 too odd");
  EXPECT_EQ(letters[1].payload, "b");
  EXPECT_EQ(letters[2].state, OutboxState::uncertain);
  EXPECT_THAT(store->dead_letters(2), SizeIs(2));
  EXPECT_EQ(store->depths().dead_letters, 3);
}

TEST_P(UndeliveredTest, ARetriedDeadLetterIsAsNew) {
  const auto id = die("a");
  EXPECT_EQ(store->retry_dead_letter(id, now), 42);
  EXPECT_EQ(store->retry_dead_letter(id, now), std::nullopt);
  EXPECT_EQ(needed(store->first_unsent(42)).attempts, 0);
  EXPECT_EQ(order(), "a");
}

TEST_P(UndeliveredTest, ADiscardedDeadLetterIsGoneAndItsSourceStaysKnown) {
  const auto id = die("a");
  EXPECT_TRUE(store->discard_dead_letter(id, now));
  EXPECT_FALSE(store->discard_dead_letter(id, now));
  EXPECT_THAT(store->dead_letters(10), IsEmpty());
  add("a");
  EXPECT_FALSE(store->first_unsent(42));
}

TEST_P(UndeliveredTest, AChatThatMovedTwiceGoesOnInTheLastOne) {
  store->move_chat(-1, -100'1);
  store->move_chat(-100'1, -100'2);
  restart();
  EXPECT_EQ(store->current_chat(-1), -100'2);
  EXPECT_EQ(store->current_chat(-100'1), -100'2);
  EXPECT_EQ(store->current_chat(-5), -5);
}

TEST_P(UndeliveredTest, DepthsCountWhatIsOpen) {
  store->add_update({1, "{}"}, now);
  store->add_update({2, "{}"}, now);
  store->add_turn({.idempotency_key = "k1", .lane = {.chat_id = 42}, .body = "{}"}, {1}, now);
  store->add_turn({.idempotency_key = "k2", .lane = {.chat_id = 42}, .body = "{}"}, {2}, now);
  store->note_job(needed(store->first_stored_turn({.chat_id = 42})).id, "job", now);
  add("a");
  store->park_chat(9, "403", now);

  const auto depths = store->depths();

  EXPECT_EQ(depths.inbox, 1);
  EXPECT_EQ(depths.stored_turns, 1);
  EXPECT_EQ(depths.open_turns, 1);
  EXPECT_EQ(depths.outbox, 1);
  EXPECT_EQ(depths.parked_chats, 1);
  ASSERT_THAT(store->open_turns(), SizeIs(1));
  EXPECT_FALSE(store->open_turns()[0].told_state);
  store->set_told_state(store->open_turns()[0].id);
  EXPECT_TRUE(store->open_turns()[0].told_state);
}

INSTANTIATE_TEST_SUITE_P(Backends, UndeliveredTest, all_backends());

}  // namespace

}  // namespace butler::gateway::sql_gateway_undelivered_test
