#include "gateway/media.hpp"

#include <gtest/gtest.h>

#include "api/artifact.hpp"
#include "json/value.hpp"

namespace butler::gateway::media_test {

namespace {

telegram::Message with(telegram::Media media) {
  telegram::Message message;
  message.media = std::move(media);
  return message;
}

IncomingFile file(FileKind kind, std::string name = "x", std::int64_t size = 0) {
  return {.file_id = "f", .kind = kind, .file_name = std::move(name), .size = size};
}

TEST(IncomingFileTest, EachKindOfMediaHasItsKindAndAName) {
  using telegram::MediaKind;
  struct Case {
    telegram::Media media;
    FileKind kind;
    std::string_view file_name;
  };
  const std::vector<Case> cases{
      {{.kind = MediaKind::photo, .mime_type = "image/jpeg"}, FileKind::photo, "photo.jpg"},
      {{.kind = MediaKind::sticker, .mime_type = "image/webp"}, FileKind::photo, "sticker.webp"},
      {{.kind = MediaKind::voice}, FileKind::voice, "voice.ogg"},
      {{.kind = MediaKind::voice, .mime_type = "audio/mp4"}, FileKind::voice, "voice.m4a"},
      {{.kind = MediaKind::audio, .file_name = "song.flac"}, FileKind::audio, "song.flac"},
      {{.kind = MediaKind::video}, FileKind::video, "video.mp4"},
      {{.kind = MediaKind::video_note}, FileKind::video, "video-message.mp4"},
      {{.kind = MediaKind::animation}, FileKind::video, "animation.mp4"},
      {{.kind = MediaKind::document, .file_name = "a b.pdf"}, FileKind::document, "a b.pdf"},
      {{.kind = MediaKind::document, .mime_type = "text/csv"}, FileKind::document, "document.csv"},
      {{.kind = MediaKind::document, .mime_type = "application/x-unknown"}, FileKind::document, "document"}};
  for (const Case& one : cases) {
    const auto found = incoming_file(with(one.media));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->kind, one.kind) << one.file_name;
    EXPECT_EQ(found->file_name, one.file_name);
  }
  EXPECT_FALSE(incoming_file({}));
}

TEST(IncomingFileTest, ATypeThatIsNoneIsNotBelieved) {
  for (const char* type :
       {"image/png\r\nX-Evil: 1", "nonsense", "a/b/c", "image/", "text/plain; charset=utf-8"}) {
    const auto found = incoming_file(with({.kind = telegram::MediaKind::document, .mime_type = type}));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->mime_type, "") << type;
  }
  const auto found = incoming_file(
      with({.kind = telegram::MediaKind::document, .mime_type = "application/vnd.oasis.opendocument.text"}));
  EXPECT_EQ(found->mime_type, "application/vnd.oasis.opendocument.text");
}

TEST(AttachmentNameTest, IsSafeAndStillSaysWhatItIs) {
  const std::vector<std::pair<std::string, std::string>> names{
      {"photo.jpg", "1-photo.jpg"},
      {"My report (final).PDF", "1-My-report-final.PDF"},
      {"../../etc/passwd", "1-passwd"},
      {"C:\\evil\\a.txt", "1-a.txt"},
      {"..", "1-file"},
      {"", "1-file"},
      {".bashrc", "1-file.bashrc"},
      {"Bericht März.docx", "1-Bericht-M-rz.docx"},
      {"отчёт.pdf", "1-file.pdf"},
      {"a\nb", "1-a-b"},
      {"archive.tar.gz", "1-archive.tar.gz"},
      {"-rf", "1-rf"},
      {"CON:stream", "1-CON-stream"}};
  for (const auto& [name, safe] : names) {
    EXPECT_EQ(attachment_name(1, name), safe) << name;
    EXPECT_TRUE(api::is_artifact_name(attachment_name(1, name))) << name;
  }
}

TEST(AttachmentNameTest, ALongNameKeepsItsEnd) {
  const std::string name = attachment_name(12, std::string(300, 'a') + ".tar.gz");

  EXPECT_EQ(name.size(), 128U);
  EXPECT_TRUE(name.starts_with("12-aaa"));
  EXPECT_TRUE(name.ends_with(".gz"));
  EXPECT_EQ(attachment_name(1, "x." + std::string(300, 'e')).size(), 128U);
}

TEST(WithoutWordsTest, SaysWhatCame) {
  using enum FileKind;
  EXPECT_EQ(without_words(std::vector{file(photo)}), "A photo came without words.");
  EXPECT_EQ(without_words(std::vector{file(voice)}), "A voice message came without words.");
  EXPECT_EQ(without_words(std::vector{file(audio)}), "An audio file came without words.");
  EXPECT_EQ(without_words(std::vector{file(photo), file(document), file(photo)}),
            "2 photos and a document came without words.");
  EXPECT_EQ(without_words(std::vector{file(video), file(photo), file(document)}),
            "A video, a photo and a document came without words.");
  IncomingFile sticker = file(photo);
  sticker.is_sticker = true;
  EXPECT_EQ(without_words(std::vector{sticker}), "A sticker came without words.");
}

TEST(LocationTextTest, PlacesAndContactsAreSaidInWords) {
  telegram::Message message;
  EXPECT_FALSE(location_text(message));
  message.location = telegram::Location{.latitude = 60.17, .longitude = -24.94};
  EXPECT_EQ(location_text(message), "A location came: latitude 60.170000, longitude -24.940000.");
  message.location->title = "Museum";
  message.location->address = "Street 1";
  EXPECT_EQ(location_text(message),
            "A place came: Museum, Street 1 (latitude 60.170000, longitude -24.940000).");
  message = {};
  message.contact = telegram::Contact{.phone_number = "+49 1", .first_name = "Grace", .last_name = "Hopper"};
  EXPECT_EQ(location_text(message), "A contact came: Grace Hopper, +49 1.");
}

TEST(FileProblemTest, WhatIsTooMuchIsKnownBeforeItIsFetched) {
  const FileLimits limits{.file_bytes = 100, .files = 2, .turn_bytes = 150};
  const std::vector<IncomingFile> one{file(FileKind::photo, "a", 80)};
  const std::vector<IncomingFile> two{file(FileKind::photo, "a", 10), file(FileKind::photo, "b", 10)};

  EXPECT_EQ(file_problem(file(FileKind::photo, "x", 100), {}, limits), std::nullopt);
  EXPECT_EQ(file_problem(file(FileKind::photo, "x", 101), {}, limits), FileProblem::too_big);
  EXPECT_EQ(file_problem(file(FileKind::photo, "x", 70), one, limits), std::nullopt);
  EXPECT_EQ(file_problem(file(FileKind::photo, "x", 71), one, limits), FileProblem::too_much);
  EXPECT_EQ(file_problem(file(FileKind::photo, "x", 1), two, limits), FileProblem::too_many);
  EXPECT_EQ(file_problem(file(FileKind::photo, "x", 0), one, limits), std::nullopt) << "no size told";
}

TEST(AttachTest, TheJobWaitsForTheFileAndTheAgentCanKnowOfIt) {
  api::CreateJobRequest request;
  request.metadata.emplace()["messageId"] = "1";

  const TurnFile first = attach(request, {.file_id = "secret",
                                          .kind = FileKind::voice,
                                          .file_name = "voice.ogg",
                                          .mime_type = "audio/ogg",
                                          .size = 9,
                                          .seconds = 4});
  const TurnFile second = attach(request, file(FileKind::document, "ä.pdf"));

  EXPECT_EQ(first.name, "1-voice.ogg");
  EXPECT_EQ(second.number, 2U);
  EXPECT_EQ(request.attachments, (std::vector<std::string>{"1-voice.ogg", "2-file.pdf"}));
  const auto told = json::parse(request.metadata->at("attachment.1")).value();
  EXPECT_EQ(
      json::serialize(told),
      R"({"name":"1-voice.ogg","kind":"voice","fileName":"voice.ogg","mimeType":"audio/ogg","size":9,"seconds":4})");
  EXPECT_EQ(json::find_string(json::parse(request.metadata->at("attachment.2")).value(), "fileName"),
            "ä.pdf");
  EXPECT_EQ(request.metadata->at("messageId"), "1");
}

}  // namespace

}  // namespace butler::gateway::media_test
