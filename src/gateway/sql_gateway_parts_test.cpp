#include "gateway/sql_gateway_fixture.hpp"

namespace butler::gateway::sql_gateway_parts_test {

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Lane chat{.chat_id = 42};

/// The messages of turns in the store, on a real file.
class GatewayPartsTest : public GatewayStoreTest {
 protected:
  static NewTurn turn(std::int64_t update_id, Lane lane = chat) {
    return {.idempotency_key = "tg:700001:" + std::to_string(update_id),
            .lane = lane,
            .requester_id = 42,
            .message_id = update_id + 100,
            .body = R"({"prompt":"x"})",
            .parts = {part(update_id + 100, "text")}};
  }

  static TurnPart part(std::int64_t message_id, std::string text) {
    return {.message_id = message_id, .joint = "\n\n", .text = std::move(text)};
  }

  std::int64_t store_turn(std::int64_t update_id, Lane lane = chat) {
    store->add_update({update_id, "{}"}, now);
    return store->add_turn(turn(update_id, lane), {update_id}, now);
  }
};

TEST_P(GatewayPartsTest, ATurnKeepsItsMessagesInTheirOrder) {
  const auto id = store_turn(5);
  store->add_update({6, "{}"}, now);
  store->extend_turn(id, R"({"prompt":"y"})", {part(106, "more"), part(0, "a note")}, 6);
  restart();

  EXPECT_THAT(store->turn_parts(id), ElementsAre(part(105, "text"), part(106, "more"), part(0, "a note")));
  EXPECT_EQ(needed(store->turn_of_message(42, 106, 42)).id, id);
  EXPECT_FALSE(store->turn_of_message(42, 106, 43)) << "of somebody else";
  EXPECT_FALSE(store->turn_of_message(43, 106, 42)) << "in another chat";
  EXPECT_FALSE(store->turn_of_message(42, 0, 42)) << "what has no message is not found by one";
}

TEST_P(GatewayPartsTest, AMessageOfAStoredTurnCanBeChanged) {
  const auto id = store_turn(5);
  store->change_turn(id, R"({"prompt":"z"})", part(105, "other"));
  EXPECT_THAT(store->turn_parts(id), ElementsAre(part(105, "other")));
  EXPECT_EQ(needed(store->turn(id)).body, R"({"prompt":"z"})");
  store->note_job(id, "j1", now);
  EXPECT_THROW(store->change_turn(id, "{}", part(105, "late")), std::logic_error);
}

TEST_P(GatewayPartsTest, AnEditWaitsForTheJobAndALaterOneTakesItsPlace) {
  const auto id = store_turn(5);
  store->put_edit({.turn_id = id, .message_id = 105, .update_id = 7, .text = "b"});
  EXPECT_FALSE(store->first_edit(chat)) << "nobody knows its job yet";
  EXPECT_THAT(store->lanes_with_edits(), ElementsAre(chat));
  store->put_edit({.turn_id = id, .message_id = 105, .update_id = 8, .text = "c"});
  store->note_job(id, "j1", now);
  restart();

  const Edit edit = needed(store->first_edit(chat));
  EXPECT_EQ(edit.text, "c");
  EXPECT_EQ(edit.update_id, 8);
  EXPECT_THAT(store->edits_of(id), SizeIs(1));
  store->remove_edit(edit.id);
  EXPECT_THAT(store->lanes_with_edits(), IsEmpty());
}

TEST_P(GatewayPartsTest, ATurnInThePlaceOfAnotherHasItsMessagesFilesAndEdits) {
  const auto first = store_turn(5);
  store->add_turn_files(first, {{.name = "1-photo.jpg", .file = {.file_id = "f", .file_name = "photo.jpg"}}});
  store->note_job(first, "j1", now);
  store->end_file(first, 1, FileState::handed_over, "");
  store->put_edit({.turn_id = first, .message_id = 105, .update_id = 8, .text = "c"});
  NewTurn next = turn(9);
  next.parts.clear();
  const auto second = store->replace_turn(first, next, now);

  EXPECT_THAT(store->turn_parts(first), IsEmpty());
  EXPECT_THAT(store->turn_parts(second), ElementsAre(part(105, "text")));
  EXPECT_EQ(needed(store->turn(first)).state, TurnState::answered);
  EXPECT_THAT(store->edits_of(second), SizeIs(1));
  EXPECT_EQ(needed(store->turn_of_message(42, 105, 42)).id, second);
  store->note_job(second, "j2", now);
  EXPECT_THAT(store->waiting_files(5), SizeIs(1)) << "the other job needs the file as well";
}

TEST_P(GatewayPartsTest, TurnsThatWaitAreFoundPerLane) {
  const Lane topic{.chat_id = 42, .thread_id = 9};
  EXPECT_EQ(store->last_turn_id(), 0);
  const auto id = store_turn(5);
  EXPECT_TRUE(store->has_stored_turn(chat));
  EXPECT_FALSE(store->has_stored_turn(topic));
  EXPECT_EQ(store->last_turn_id(), id);
  EXPECT_FALSE(store->has_turns_behind(needed(store->turn(id))));
  store_turn(6, topic);
  EXPECT_FALSE(store->has_turns_behind(needed(store->turn(id))));
  store_turn(7);
  EXPECT_TRUE(store->has_turns_behind(needed(store->turn(id))));
  store->note_job(id, "j1", now);
  EXPECT_TRUE(store->has_stored_turn(chat));
}

TEST_P(GatewayPartsTest, AGroupThatMovesTakesItsMessageIdsAway) {
  const Lane old_group{.chat_id = -5};
  const auto id = store_turn(5, old_group);
  store->put_edit({.turn_id = id, .message_id = 105, .update_id = 6, .text = "other text"});
  store->move_chat(-5, -100'5);
  EXPECT_FALSE(store->turn_of_message(-100'5, 105, 42));
  EXPECT_THAT(store->turn_parts(id), ElementsAre(part(-105, "text")));
  EXPECT_EQ(store->edits_of(id).at(0).message_id, -105) << "an edit that waits still finds its part";
  store->move_chat(-100'5, -100'6);
  EXPECT_THAT(store->turn_parts(id), ElementsAre(part(-105, "text")));
}

TEST_P(GatewayPartsTest, ANoticeLeadsToTheJobThatItIsAbout) {
  store->add_outgoing({.source = "waits:j1",
                       .kind = MessageKind::notice,
                       .to = chat,
                       .payloads = {R"({"text":"x"})"},
                       .about = "j1"},
                      FirstPart::is_being_sent, now);
  store->mark_sent(needed(store->first_unsent(42)).id, 77, now);
  EXPECT_EQ(store->job_told_in(42, 77), "j1");
  EXPECT_FALSE(store->job_told_in(42, 78));
  EXPECT_FALSE(store->job_told_in(43, 77));
}

INSTANTIATE_TEST_SUITE_P(Backends, GatewayPartsTest, all_backends());

}  // namespace

}  // namespace butler::gateway::sql_gateway_parts_test
