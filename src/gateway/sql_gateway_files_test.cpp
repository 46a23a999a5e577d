#include "gateway/sql_gateway_fixture.hpp"

namespace butler::gateway::sql_gateway_files_test {

namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

/// The files' part of the store; restart() is what a new process sees.
class GatewayFilesTest : public GatewayStoreTest {
 protected:
  static TurnFile file(std::size_t number) {
    return {.number = number,
            .name = std::to_string(number) + "-voice.ogg",
            .file = {.file_id = "f" + std::to_string(number),
                     .kind = FileKind::voice,
                     .file_name = "voice.ogg",
                     .mime_type = "audio/ogg",
                     .size = 9,
                     .seconds = 4,
                     .is_sticker = number == 2}};
  }

  std::int64_t add_turn(std::int64_t update_id) {
    store->add_update({update_id, "{}"}, now);
    return store->add_turn({.idempotency_key = "k" + std::to_string(update_id),
                            .lane = {.chat_id = -100, .thread_id = 9},
                            .requester_id = 42,
                            .message_id = 7,
                            .body = "{}",
                            .files = {file(1)}},
                           {update_id}, now);
  }
};

TEST_P(GatewayFilesTest, AFileWaitsFromTheMomentItsJobIsKnownAcrossARestart) {
  const auto turn = add_turn(1);
  store->add_turn_files(turn, {file(2)});
  EXPECT_THAT(store->waiting_files(10), IsEmpty());

  store->note_job(turn, "job", now);
  restart();

  const auto waiting = store->waiting_files(10);
  ASSERT_THAT(waiting, SizeIs(2));
  EXPECT_EQ(waiting[0].job_id, "job");
  EXPECT_EQ(waiting[0].lane, (Lane{.chat_id = -100, .thread_id = 9}));
  EXPECT_EQ(waiting[0].requester_id, 42);
  EXPECT_EQ(waiting[0].message_id, 7);
  EXPECT_EQ(waiting[0].turn_file, file(1));
  EXPECT_EQ(waiting[1].turn_file, file(2));
  EXPECT_THAT(store->waiting_files(1), SizeIs(1));
}

TEST_P(GatewayFilesTest, AFileEndsOnceAndItsTurnStillKnowsIt) {
  const auto turn = add_turn(1);
  store->note_job(turn, "job", now);

  store->end_file(turn, 1, FileState::missing, "too_big");

  EXPECT_THAT(store->waiting_files(10), IsEmpty());
  EXPECT_THAT(store->turn_files(turn), SizeIs(1));
  EXPECT_NO_THROW(store->end_file(turn, 1, FileState::handed_over, ""));
}

TEST_P(GatewayFilesTest, AJobIsLookedAtForFilesOnceInTheOrderOfTheEnds) {
  store->add_file_check({.job_id = "b", .lane = {.chat_id = 1}});
  store->add_file_check({.job_id = "a", .lane = {.chat_id = 2, .thread_id = 3}});
  store->add_file_check({.job_id = "b", .lane = {.chat_id = 9}});
  restart();

  EXPECT_EQ(needed(store->first_file_check()).job_id, "b");
  EXPECT_EQ(needed(store->first_file_check()).lane, (Lane{.chat_id = 1}));
  store->end_file_check("b");
  EXPECT_EQ(needed(store->first_file_check()).lane, (Lane{.chat_id = 2, .thread_id = 3}));
  store->end_file_check("a");
  EXPECT_FALSE(store->first_file_check());
}

INSTANTIATE_TEST_SUITE_P(Backends, GatewayFilesTest, all_backends());

}  // namespace

}  // namespace butler::gateway::sql_gateway_files_test
