#include "gateway/turn_content.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/utf8.hpp"

namespace butler::gateway::turn_content_test {

namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr FileLimits limits{.file_bytes = 100, .files = 2};

Contribution photo(std::string words, std::int64_t size = 7) {
  return {
      .said = {.message_id = 5, .joint = "\n\n", .text = std::move(words)},
      .file = IncomingFile{.file_id = "p", .kind = FileKind::photo, .file_name = "photo.jpg", .size = size}};
}

TEST(TurnContentTest, AnAlbumIsItsWordsAndAllItsFiles) {
  TurnContent content;
  add(content, photo("What is this?"), limits);
  const AddedContent added = add(content, photo(""), limits);

  EXPECT_EQ(content.request.prompt, "What is this?");
  EXPECT_THAT(content.request.attachments.value(), ElementsAre("1-photo.jpg", "2-photo.jpg"));
  EXPECT_THAT(added.files, SizeIs(1));
  EXPECT_THAT(added.parts, SizeIs(1));
}

TEST(TurnContentTest, WithoutWordsThePromptSaysWhatCameUntilThereAreSome) {
  TurnContent content;
  add(content, photo(""), limits);
  EXPECT_EQ(content.request.prompt, "A photo came without words.");
  add(content, photo(""), limits);
  EXPECT_EQ(content.request.prompt, "2 photos came without words.");
  add(content, {.said = {.joint = "\n\n", .text = "Compare them"}}, limits);
  EXPECT_EQ(content.request.prompt, "Compare them");
}

TEST(TurnContentTest, AFileThatCannotComeIsToldToTheAgent) {
  TurnContent content;
  const AddedContent added = add(content, photo("What is this?", 101), limits);

  EXPECT_EQ(added.problem, FileProblem::too_big);
  EXPECT_THAT(added.files, IsEmpty());
  EXPECT_TRUE(
      content.request.prompt.starts_with("What is this?\n\n[The file \"photo.jpg\" (1 MB) is not here"))
      << content.request.prompt;
  EXPECT_FALSE(content.request.attachments);
}

TEST(TurnContentTest, ATurnTakesSoManyFilesAndNoMore) {
  TurnContent content;
  add(content, photo("a"), limits);
  add(content, photo("b"), limits);
  EXPECT_EQ(add(content, photo("c"), limits).problem, FileProblem::too_many);
  EXPECT_THAT(content.files, SizeIs(2));
}

TurnContent saying(const std::string& words) {
  TurnContent content;
  add(content, {.said = {.message_id = 1, .text = words}}, {});
  return content;
}

TEST(TurnContentTest, WordsBeyondTheLimitBecomeAFileAndThePromptKeepsTheirBeginning) {
  std::string words;
  for (int i = 0; i < 300; ++i) words += "ä";
  TurnContent content = saying(words);
  const auto file = shorten(content, 200, {});
  ASSERT_TRUE(file);
  EXPECT_EQ(file->name, "1-message.txt");
  EXPECT_EQ(file->file.file_id, "");
  EXPECT_EQ(file->file.size, 600);
  EXPECT_THAT(content.files, ElementsAre(*file));
  EXPECT_THAT(content.request.attachments.value(), ElementsAre("1-message.txt"));
  EXPECT_EQ(domain::count_code_points(content.request.prompt), 200U);
  EXPECT_THAT(content.request.prompt, StartsWith("ää"));
  EXPECT_THAT(content.request.prompt,
              EndsWith("all of its 300 characters are in the attached file 1-message.txt.]"));
}

TEST(TurnContentTest, ALimitWithoutRoomForABeginningStillSaysWhereTheWordsAre) {
  TurnContent content = saying("far too much");
  ASSERT_TRUE(shorten(content, 1, {}));
  EXPECT_THAT(content.request.prompt, EndsWith("1-message.txt.]"));
}

TEST(TurnContentTest, WhereNoMoreFilesMayComeNothingIsChanged) {
  TurnContent content = saying("far too much");
  EXPECT_FALSE(shorten(content, 5, {.files = 0}));
  EXPECT_EQ(content.request.prompt, "far too much");
  EXPECT_TRUE(content.files.empty());
}

}  // namespace

}  // namespace butler::gateway::turn_content_test
