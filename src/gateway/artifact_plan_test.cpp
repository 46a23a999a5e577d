#include "gateway/artifact_plan.hpp"

#include <gtest/gtest.h>

#include "domain/utf8.hpp"

namespace butler::gateway::artifact_plan_test {

namespace {

using api::ArtifactKind;
using telegram::UploadKind;

constexpr std::int64_t mebibyte = std::int64_t{1} << 20;

api::Artifact artifact(std::string type, std::optional<ArtifactKind> kind = {}, std::int64_t size = 1) {
  return {.name = "x", .size = size, .content_type = std::move(type), .kind = kind};
}

TEST(ShownAsTest, AFileIsShownAsWhatItIsWhereTelegramAllowsIt) {
  struct Case {
    api::Artifact artifact;
    UploadKind kind;
  };
  const std::vector<Case> cases{
      {artifact("image/png"), UploadKind::photo},
      {artifact("Image/JPEG; name=x"), UploadKind::photo},
      {artifact("image/svg+xml"), UploadKind::document},
      {artifact("image/svg+xml", ArtifactKind::photo), UploadKind::document},
      {artifact("image/png", ArtifactKind::document), UploadKind::document},
      {artifact("image/png", ArtifactKind::photo, 10 * mebibyte), UploadKind::photo},
      {artifact("image/png", ArtifactKind::photo, 10 * mebibyte + 1), UploadKind::document},
      {artifact("audio/ogg"), UploadKind::document},
      {artifact("audio/ogg", ArtifactKind::voice), UploadKind::voice},
      {artifact("audio/wav", ArtifactKind::voice), UploadKind::document},
      {artifact("audio/mpeg"), UploadKind::audio},
      {artifact("video/mp4"), UploadKind::video},
      {artifact("video/webm", ArtifactKind::video), UploadKind::document},
      {artifact("text/plain"), UploadKind::document},
      {artifact(""), UploadKind::document}};
  for (const Case& one : cases) EXPECT_EQ(shown_as(one.artifact), one.kind) << one.artifact.content_type;
}

TEST(FitsAsPhotoTest, TheEdgesAndTheirRatioAreLimited) {
  EXPECT_TRUE(fits_as_photo(1, std::nullopt));
  EXPECT_TRUE(fits_as_photo(1, ImageSize{5'000, 5'000}));
  EXPECT_FALSE(fits_as_photo(1, ImageSize{5'001, 5'000}));
  EXPECT_TRUE(fits_as_photo(1, ImageSize{2'000, 100}));
  EXPECT_FALSE(fits_as_photo(1, ImageSize{2'001, 100}));
  EXPECT_FALSE(fits_as_photo(1, ImageSize{100, 2'001}));
  EXPECT_FALSE(fits_as_photo(1, ImageSize{0, 5}));
  EXPECT_FALSE(fits_as_photo(1, ImageSize{0xFFFFFFFF, 0xFFFFFFFF}));
}

OutgoingFile file(UploadKind kind, std::int64_t size = 1) {
  return {.name = "f", .shown_as = kind, .size = size};
}

std::vector<std::size_t> sizes(const std::vector<OutgoingFile>& files) {
  std::vector<std::size_t> counts;
  for (const auto& message : in_albums(files)) counts.push_back(message.size());
  return counts;
}

TEST(InAlbumsTest, WhatMayStandTogetherDoes) {
  using enum UploadKind;
  struct Case {
    std::string_view name;
    std::vector<OutgoingFile> files;
    std::vector<std::size_t> messages;
  };
  const std::vector<Case> cases{
      {"nothing", {}, {}},
      {"one", {file(photo)}, {1}},
      {"photos with videos", {file(photo), file(video), file(photo)}, {3}},
      {"documents only with documents", {file(document), file(document), file(photo)}, {2, 1}},
      {"audio only with audio", {file(audio), file(audio), file(document)}, {2, 1}},
      {"voice messages stand alone", {file(voice), file(voice)}, {1, 1}},
      {"the order stays", {file(photo), file(document), file(photo)}, {1, 1, 1}},
      {"ten at most", std::vector(11, file(photo)), {10, 1}},
      {"no more than one call takes",
       {file(document, 30 * mebibyte), file(document, 30 * mebibyte)},
       {1, 1}}};
  for (const Case& one : cases) EXPECT_EQ(sizes(one.files), one.messages) << one.name;
}

TEST(OutgoingFileTest, ACaptionIsPlainTextThatTelegramTakes) {
  auto described = artifact("image/png");
  described.caption = "**The** `chart`";
  EXPECT_EQ(outgoing_file(described).caption, "The chart");

  described.caption = std::string(1'020, 'a') + "😀😀😀";
  const std::string cut = outgoing_file(described).caption;
  EXPECT_LE(domain::count_utf16_units(cut), 1'024U);
  EXPECT_TRUE(domain::is_valid_utf8(cut));
  EXPECT_TRUE(cut.ends_with("…"));
}

TEST(FilesPayloadTest, WhatIsStoredIsReadAgain) {
  const FilesMessage message{.job_id = "j",
                             .files = {{.name = "a.png",
                                        .shown_as = UploadKind::photo,
                                        .size = 7,
                                        .content_type = "image/png",
                                        .caption = "both"},
                                       {.name = "b.mp4", .shown_as = UploadKind::video, .size = 8}}};

  EXPECT_EQ(files_message(json::parse(files_payload(message)).value().as_object()), message);
  EXPECT_FALSE(files_message(json::Object{{"text", "hi"}}));
  EXPECT_EQ(as_documents(message).files.at(1).shown_as, UploadKind::document);
}

}  // namespace

}  // namespace butler::gateway::artifact_plan_test
