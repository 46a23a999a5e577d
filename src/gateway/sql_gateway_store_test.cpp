#include "gateway/sql_gateway_store.hpp"

#include "gateway/sql_gateway_fixture.hpp"
#include "sqlite/database.hpp"

namespace butler::gateway::sql_gateway_store_test {

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Lane chat{.chat_id = 42};
const Lane topic{.chat_id = -100, .thread_id = 9};

/// The store on a real file; restart() closes it and opens it again, as a new process would.
class GatewayStateTest : public GatewayStoreTest {
 protected:
  NewTurn turn(std::int64_t update_id, Lane lane = chat) const {
    return {.idempotency_key = "tg:700001:" + std::to_string(update_id),
            .lane = lane,
            .requester_id = 42,
            .message_id = update_id + 1'000,
            .kind = domain::JobKind::task,
            .body = R"({"prompt":"x"})"};
  }

  /// An update, and the turn it becomes.
  void store_turn(std::int64_t update_id, Lane lane = chat) {
    store->add_update({update_id, "{}"}, now);
    store->add_turn(turn(update_id, lane), {update_id}, now);
  }

  Outgoing message(std::string source, std::size_t parts = 1, Lane to = chat) const {
    return {.source = std::move(source),
            .to = to,
            .payloads = std::vector<std::string>(parts, R"({"text":"x"})")};
  }

  /// Of update 5, over a connection of its own.
  std::string state_as_others_see_it() const {
    static constexpr auto* sql = "SELECT state FROM inbox WHERE update_id = 5";
    if (GetParam() == Backend::postgres) {
      postgres::Connection other({.url = url, .application = "test"});
      const auto found = other.query(sql);
      return found.empty() ? "not there" : found[0].string(0);
    }
    auto other = sqlite::Database::open(home.path() / "gateway.db");
    auto& statement = other.prepared(sql).bind();
    return statement.step() ? statement.string(0) : "not there";
  }

  std::string inbox_state(std::int64_t update_id) {
    auto& statement =
        gateway->database->prepared("SELECT state FROM inbox WHERE update_id = ?").bind(update_id);
    std::string state = statement.step() ? statement.string(0) : "absent";
    statement.reset();
    return state;
  }
};

TEST_P(GatewayStateTest, ASecondProcessIsRefusedByName) {
  if (GetParam() == Backend::sqlite) {
    EXPECT_THROW(GatewayDatabase::open(home.path(), now), std::runtime_error);
  } else {
    GatewayLock second(url, bot_id);
    EXPECT_FALSE(second.try_take());
    EXPECT_THAT(second.holder(), ::testing::StartsWith("butler-gateway-"));
  }
}

TEST_P(GatewayStateTest, AnUpdateIsKeptOnce) {
  EXPECT_TRUE(store->add_update({5, "{}"}, now));
  restart();
  EXPECT_FALSE(store->add_update({5, "{}"}, now));
}

TEST_P(GatewayStateTest, TheSameUpdateOfAnotherBotIsAnotherOne) {
  store->add_update({5, "{}"}, now);
  store->set_next_offset(6);
  SqlGatewayStore other(*gateway, bot_id + 1);

  EXPECT_EQ(other.next_offset(), 0);
  EXPECT_TRUE(other.add_update({5, "{}"}, now));
}

TEST_P(GatewayStateTest, TheOffsetSurvives) {
  EXPECT_EQ(store->next_offset(), 0);
  store->set_next_offset(6);
  store->set_next_offset(17);
  restart();
  EXPECT_EQ(store->next_offset(), 17);
}

TEST_P(GatewayStateTest, AUnitIsAllOrNothing) {
  EXPECT_THROW(store->unit([&] {
    store->add_update({5, "{}"}, now);
    store->set_next_offset(6);
    throw std::logic_error("a fault in the middle");
  }),
               std::logic_error);
  restart();
  EXPECT_EQ(inbox_state(5), "absent");
  EXPECT_EQ(store->next_offset(), 0);
}

TEST_P(GatewayStateTest, AnInnerUnitThatFailsUndoesOnlyItself) {
  store->unit([&] {
    store->add_update({5, "{}"}, now);
    EXPECT_THROW(store->unit([&] {
      store->add_turn(turn(5), {5}, now);
      throw std::logic_error("a fault in the middle");
    }),
                 std::logic_error);
    store->end_update(5, InboxState::broken, "a fault");
  });
  restart();
  EXPECT_EQ(inbox_state(5), "broken");
  EXPECT_FALSE(store->first_stored_turn(chat));
}

TEST_P(GatewayStateTest, WhatIsToLeaveWaitsForTheCommit) {
  std::string seen;
  store->unit([&] {
    store->add_update({5, "{}"}, now);
    store->unit([&] { store->after_commit([&] { seen = state_as_others_see_it(); }); });
    EXPECT_EQ(seen, "");
  });
  EXPECT_EQ(seen, "received");
}

TEST_P(GatewayStateTest, WhatBelongsToAUnitThatFailsNeverLeaves) {
  std::vector<std::string> done;
  const auto fail_after = [&](const std::string& name) {
    return [&, name] {
      store->after_commit([&, name] { done.push_back(name); });
      throw std::logic_error("a fault in the middle");
    };
  };
  EXPECT_THROW(store->unit(fail_after("outer")), std::logic_error);
  store->unit([&] {
    store->after_commit([&] { done.emplace_back("kept"); });
    EXPECT_THROW(store->unit(fail_after("inner")), std::logic_error);
  });
  store->after_commit([&] { done.emplace_back("at once"); });

  EXPECT_THAT(done, ElementsAre("kept", "at once"));
}

TEST_P(GatewayStateTest, WhatTheDatabaseRefusesIsAStoreFaultAndChangesNothing) {
  store_turn(5);
  EXPECT_THROW(store->add_turn(turn(5), {5}, now), StoreFault);  // the idempotency key is unique
  EXPECT_THROW(store->unit([&] {
    store->set_next_offset(9);
    store->add_turn(turn(5), {5}, now);
  }),
               StoreFault);
  EXPECT_EQ(store->next_offset(), 0);
}

TEST_P(GatewayStateTest, AChatAndEachTopicHaveASessionOfTheirOwn) {
  EXPECT_EQ(store->session(chat, now).key, "telegram:42:v1");
  EXPECT_EQ(store->session(topic, now).key, "telegram:-100:thread:9:v1");
  restart();
  EXPECT_EQ(store->session(chat, now).key, "telegram:42:v1");
}

TEST_P(GatewayStateTest, ARotatedSessionIsTheNextGenerationFromThenOn) {
  store->session(chat, now);
  const Session second = store->rotate_session(chat, now + 5s);
  EXPECT_EQ(second, (Session{.generation = 2, .key = "telegram:42:v2", .since = now + 5s}));
  restart();
  EXPECT_EQ(store->session(chat, now + 9s), second);
  EXPECT_EQ(store->session(topic, now).generation, 1) << "others stay";
}

TEST_P(GatewayStateTest, AGroupThatMovedCountsItsGenerationsOn) {
  store->session({.chat_id = -5}, now);
  store->move_chat(-5, -1'005);
  EXPECT_EQ(store->session({.chat_id = -1'005}, now).key, "telegram:-5:v1") << "the agent's memory goes on";
  EXPECT_EQ(store->rotate_session({.chat_id = -1'005}, now).key, "telegram:-1005:v2");
}

TEST_P(GatewayStateTest, ATurnWhoseTextMayGoOnHoldsItsLaneUntilItIsComplete) {
  store_turn(5);
  const std::int64_t turn_id = needed(store->first_stored_turn(chat)).id;
  const OpenText open{.due_at = now + 1s, .parts = 1, .part_sent_at = now, .part_units = 4'096};
  store->put_open_text(turn_id, open);
  store_turn(6);
  restart();
  EXPECT_FALSE(store->first_stored_turn(chat));
  EXPECT_THAT(store->waiting_untold(10), SizeIs(1)) << "nobody waits for the orchestrator yet";
  EXPECT_EQ(needed(store->next_open_turn()).open_text, open);
  EXPECT_FALSE(store->open_turn(chat, 43)) << "another person's";

  store->add_update({7, "{}"}, now);
  store->extend_turn(turn_id, R"({"prompt":"xy"})", {{.message_id = 3, .joint = "", .text = "y"}}, 7);
  EXPECT_EQ(inbox_state(7), "in_turn");
  EXPECT_EQ(needed(store->open_turn(chat, 42)).body, R"({"prompt":"xy"})");
  store->end_open_text(turn_id, now + 2s);
  EXPECT_FALSE(store->next_open_turn());
  const Turn complete = needed(store->first_stored_turn(chat));
  EXPECT_EQ(complete.id, turn_id);
  EXPECT_EQ(complete.created_at, now + 2s);
  EXPECT_THAT(store->waiting_untold(10), SizeIs(2));
}

TEST_P(GatewayStateTest, ATurnGoesFromStoredToAnsweredWithARestartBetweenAllSteps) {
  store_turn(5);
  restart();
  EXPECT_EQ(inbox_state(5), "in_turn");
  EXPECT_THAT(store->lanes_with_stored_turns(), ElementsAre(chat));
  const Turn stored = needed(store->first_stored_turn(chat));
  EXPECT_EQ(stored.body, R"({"prompt":"x"})");
  EXPECT_EQ(stored.idempotency_key, "tg:700001:5");
  EXPECT_EQ(stored.created_at, now);

  store->note_job(stored.id, "job-1", now);
  restart();
  EXPECT_EQ(inbox_state(5), "done");
  EXPECT_FALSE(store->first_stored_turn(chat));
  EXPECT_EQ(needed(store->turn_of_job("job-1")).state, TurnState::created);

  store->unit([&] {
    EXPECT_TRUE(store->add_outgoing(message("job-1"), FirstPart::waits, now));
    store->answer_turn("job-1", now);
  });
  restart();
  EXPECT_EQ(needed(store->turn_of_job("job-1")).state, TurnState::answered);
  EXPECT_THAT(store->chats_with_unsent(), ElementsAre(42));
}

TEST_P(GatewayStateTest, AnAnswerThatComesBeforeItsJobIsNotedAnswersTheTurn) {
  store_turn(5);
  store->add_outgoing(message("job-1"), FirstPart::waits, now);
  store->answer_turn("job-1", now);

  store->note_job(needed(store->first_stored_turn(chat)).id, "job-1", now);

  EXPECT_EQ(needed(store->turn_of_job("job-1")).state, TurnState::answered);
}

TEST_P(GatewayStateTest, LanesKeepTheirOrderAndDoNotSeeEachOther) {
  store_turn(5);
  store_turn(6, topic);
  store_turn(7);

  EXPECT_EQ(needed(store->first_stored_turn(chat)).idempotency_key, "tg:700001:5");
  EXPECT_EQ(needed(store->first_stored_turn(topic)).idempotency_key, "tg:700001:6");
  EXPECT_FALSE(store->first_stored_turn({.chat_id = -100}));
  store->note_job(needed(store->first_stored_turn(chat)).id, "job-1", now);
  EXPECT_EQ(needed(store->first_stored_turn(chat)).idempotency_key, "tg:700001:7");
  EXPECT_EQ(store->count_stored_turns(42), 1U);
}

TEST_P(GatewayStateTest, ARefusedTurnIsOver) {
  store_turn(5);
  store->refuse_turn(needed(store->first_stored_turn(chat)).id, now);
  restart();
  EXPECT_FALSE(store->first_stored_turn(chat));
  EXPECT_EQ(inbox_state(5), "done");
}

TEST_P(GatewayStateTest, AWaitingTurnIsToldOnce) {
  store_turn(5);
  const auto waiting = store->waiting_untold(10);
  ASSERT_THAT(waiting, SizeIs(1));
  store->set_told_waiting(waiting[0].lane);
  restart();
  EXPECT_THAT(store->waiting_untold(10), IsEmpty());
}

TEST_P(GatewayStateTest, ControlsAreTakenInOrderAndEndOnce) {
  for (const std::int64_t id : {5, 6}) {
    store->add_update({id, std::to_string(id)}, now);
    store->keep_as_control(id, 42);
  }
  restart();
  EXPECT_THAT(store->chats_with_controls(), ElementsAre(42));
  EXPECT_EQ(needed(store->first_control(42)).update_id, 5);
  EXPECT_EQ(needed(store->first_control(42)).raw, "5");
  store->end_update(5, InboxState::done, "");
  EXPECT_EQ(needed(store->first_control(42)).update_id, 6);
  EXPECT_FALSE(store->first_control(43));
}

TEST_P(GatewayStateTest, KnownJobsComeNewestFirstAndOnlyThoseOfTheScope) {
  store_turn(5);
  store->note_job(needed(store->first_stored_turn(chat)).id, "job-1", now);
  store_turn(6);
  store->note_job(needed(store->first_stored_turn(chat)).id, "job-2", now);
  store->answer_turn("job-1", now);
  store_turn(7);
  const auto ids = [&](const JobScope& scope) {
    std::vector<std::string> found;
    for (const auto& job : store->known_jobs(scope, 10)) found.push_back(job.job_id);
    return found;
  };
  const auto requester = store->known_jobs({}, 1).at(0).requester_id;

  EXPECT_THAT(ids({}), ElementsAre("job-2", "job-1"));
  EXPECT_THAT(ids({.chat_id = 42}), ElementsAre("job-2", "job-1"));
  EXPECT_THAT(ids({.chat_id = 42, .requester_id = requester}), ElementsAre("job-2", "job-1"));
  EXPECT_THAT(ids({.chat_id = 43}), ElementsAre());
  EXPECT_THAT(ids({.chat_id = 42, .requester_id = requester + 1}), ElementsAre());
  EXPECT_FALSE(store->known_jobs({}, 1).at(0).answered);
  EXPECT_TRUE(store->known_jobs({}, 2).at(1).answered);
}

TEST_P(GatewayStateTest, FactsAreKept) {
  EXPECT_EQ(store->fact("commands"), std::nullopt);
  store->set_fact("commands", "a");
  store->set_fact("commands", "b");
  restart();
  EXPECT_EQ(store->fact("commands"), "b");
}

TEST_P(GatewayStateTest, PruningForgetsOnlyWhatIsOverAndOld) {
  store_turn(5);
  store->note_job(needed(store->first_stored_turn(chat)).id, "job-1", now);
  store->add_outgoing(message("job-1"), FirstPart::is_being_sent, now);
  store->mark_sent(needed(store->first_unsent(42)).id, 1, now);
  store->answer_turn("job-1", now);
  store_turn(6);
  store->add_outgoing(message("job-2"), FirstPart::waits, now);

  store->prune(now + 24h);
  EXPECT_FALSE(store->add_update({5, "{}"}, now));

  store->prune(now + 24h * 100);
  EXPECT_EQ(inbox_state(5), "absent");
  EXPECT_FALSE(store->turn_of_job("job-1"));
  EXPECT_EQ(inbox_state(6), "in_turn");
  EXPECT_TRUE(store->first_stored_turn(chat));
  EXPECT_EQ(needed(store->first_unsent(42)).source, "job-2");
}

INSTANTIATE_TEST_SUITE_P(Backends, GatewayStateTest, all_backends());

}  // namespace

}  // namespace butler::gateway::sql_gateway_store_test
