#include "gateway/turn_media.hpp"

#include <gtest/gtest.h>

#include "api/describe.hpp"

namespace butler::gateway::turn_media_test {

namespace {

TEST(TurnMediaTest, FilesPlacesAndContactsAreUnderstood) {
  telegram::Message message;
  EXPECT_FALSE(is_understood(message));
  message.location = telegram::Location{.latitude = 1, .longitude = 2};
  EXPECT_TRUE(is_understood(message));
  message = {};
  message.media = telegram::Media{.kind = telegram::MediaKind::photo, .file_id = "p", .size = 7};
  EXPECT_TRUE(is_understood(message));
}

TEST(BringTest, TheFilesAreInTheRequestAndInTheRows) {
  api::CreateJobRequest request{.prompt = "x", .chat_id = "1", .requester_id = "1", .session_key = "s"};
  NewTurn turn{.body = json::serialize(json::encode(request))};
  const std::vector<IncomingFile> files{{.file_id = "a", .file_name = "a.txt"},
                                        {.file_id = "b", .file_name = "b.txt"}};

  bring(turn, files);

  const auto after = json::decode<api::CreateJobRequest>(json::parse(turn.body).value());
  ASSERT_TRUE(after);
  EXPECT_EQ(after->attachments, (std::vector<std::string>{"1-a.txt", "2-b.txt"}));
  ASSERT_EQ(turn.files.size(), 2U);
  EXPECT_EQ(turn.files[1].name, "2-b.txt");
}

}  // namespace

}  // namespace butler::gateway::turn_media_test
