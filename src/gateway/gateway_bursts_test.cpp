#include "gateway/gateway_fixture.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_media.hpp"

namespace butler::gateway::gateway_bursts_test {

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::SizeIs;

/// What people send in a row, on the whole gateway.
class BurstsTest : public GatewayTest {
 protected:
  BurstsTest() {
    settings.prompt_max_chars = 200;
    orchestrator.instant_agent = false;
    settings.gather = 150ms;
    options.gathering.album_window = 150ms;
  }

  /// A photo, of an album if there is one.
  void show(std::string file_id, std::string caption, std::string album = {}, std::int64_t size = 99) {
    json::Object photo{{"file_id", std::move(file_id)}, {"width", 10}, {"height", 10}, {"file_size", size}};
    json::Object extra{{"photo", json::Array{std::move(photo)}}};
    if (!caption.empty()) extra["caption"] = std::move(caption);
    if (!album.empty()) extra["media_group_id"] = std::move(album);
    telegram.bring(owner, std::move(extra));
  }

  std::vector<std::string> attachments(const std::string& prompt) const {
    for (const auto& [key, body] : orchestrator.bodies) {
      const auto request = json::decode<api::CreateJobRequest>(json::parse(body).value()).value();
      if (request.prompt == prompt) return request.attachments.value_or(std::vector<std::string>{});
    }
    return {"no job with that prompt"};
  }
};

TEST_F(BurstsTest, MessagesInARowWhileSomethingRunsAreOneRequest) {
  start();
  start_job("first");
  say("second");
  say("third");
  say("fourth");

  ASSERT_TRUE(created(2));
  EXPECT_THAT(orchestrator.created, ElementsAre("first", "second\n\nthird\n\nfourth"));
}

TEST_F(BurstsTest, TheFirstMessageToAnIdleConversationWaitsForNothing) {
  settings.gather = 60s;
  start();
  say("first");
  ASSERT_TRUE(created(1)) << "it waits for its burst";
}

TEST_F(BurstsTest, ACommandIsNeverHeldUpAndEndsTheBurstBeforeIt) {
  settings.gather = 60s;
  start();
  start_job("first");
  say("second");
  say("/task third");
  ASSERT_TRUE(created(3));
  EXPECT_THAT(orchestrator.created, ElementsAre("first", "second", "third"));
}

TEST_F(BurstsTest, NobodysMessagesGoWithSomebodyElses) {
  settings.owners = {owner, 43};
  start();
  say_in_group("/task first");
  ASSERT_TRUE(created(1));
  const json::Object mention{
      {"entities", json::Array{json::Object{{"type", "mention"}, {"offset", 0}, {"length", 11}}}}};
  say_in_group("@butler_bot of mine", owner, mention);
  say_in_group("@butler_bot of others", 43, mention);
  say_in_group("@butler_bot of mine, too", owner, mention);

  ASSERT_TRUE(created(3));
  EXPECT_THAT(orchestrator.created, ElementsAre("first", "of mine\n\nof mine, too", "of others"));
}

TEST_F(BurstsTest, WhatWouldBeTooLongTogetherStaysApart) {
  start();
  start_job("first");
  const std::string a(120, 'a');
  say(a);
  say(std::string(120, 'b'));
  ASSERT_TRUE(created(3));
  EXPECT_THAT(orchestrator.created, ElementsAre("first", a, std::string(120, 'b')));
  EXPECT_THAT(texts(), SizeIs(0));
}

TEST_F(BurstsTest, AKilledGatewayForgetsNothingOfABurst) {
  settings.gather = 60s;
  options.gathering.longest = 60s;
  start();
  start_job("first");
  say("second");
  ASSERT_TRUE(until([&] { return telegram.updates.empty(); }));
  kill();
  start();
  say("third");
  say("/status");  // ends the burst

  ASSERT_TRUE(created(2));
  EXPECT_EQ(orchestrator.created.back(), "second\n\nthird");
}

TEST_F(BurstsTest, AnAlbumIsOneRequestWithAllItsFiles) {
  start();
  show("one", "what is this?", "album");
  show("two", "", "album");
  show("three", "", "album");

  ASSERT_TRUE(created(1));
  EXPECT_THAT(orchestrator.created, ElementsAre("what is this?"));
  EXPECT_THAT(attachments("what is this?"), ElementsAre("1-photo.jpg", "2-photo.jpg", "3-photo.jpg"));
}

TEST_F(BurstsTest, FilesWithoutWordsAreARequestToo) {
  start();
  show("one", "", "album");
  show("two", "", "album");
  ASSERT_TRUE(created(1));
  EXPECT_THAT(attachments(orchestrator.created.front()), SizeIs(2)) << orchestrator.created.front();
}

TEST_F(BurstsTest, APhotoAfterWordsGoesWithThemWhileSomethingRuns) {
  start();
  start_job("first");
  say("look at this");
  show("one", "");
  show("two", "and this", "");

  ASSERT_TRUE(created(2));
  EXPECT_EQ(orchestrator.created.back(), "look at this\n\nand this");
  EXPECT_THAT(attachments("look at this\n\nand this"), SizeIs(2));
}

TEST_F(BurstsTest, AFileThatIsTooBigIsSaidAndMakesNoRequestOfItsOwn) {
  settings.prompt_max_chars = 1'000;
  start();
  show("one", "", "", 30 << 20);
  ASSERT_TRUE(shown(1));
  show("two", "read it", "", 30 << 20);
  ASSERT_TRUE(created(1));
  EXPECT_THAT(orchestrator.created.front(), ::testing::StartsWith("read it\n\n[The file"));
  ASSERT_TRUE(shown(2));
  const std::string words =
      wording::file_left_out(wording::Language::en, "photo.jpg", FileProblem::too_big, {});
  EXPECT_THAT(texts(), ::testing::Each(words));
}

}  // namespace

}  // namespace butler::gateway::gateway_bursts_test
