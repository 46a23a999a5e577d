#include "telegram/media.hpp"

#include <gtest/gtest.h>

#include "telegram/update.hpp"

namespace butler::telegram::media_test {

namespace {

json::Value message(std::string_view text) { return json::parse(text).value(); }

struct FileCase {
  std::string_view name;
  std::string_view message;
  MediaKind kind;
  std::string_view file_id;
  std::string_view file_name;
  std::string_view mime_type;
  std::int64_t size;
};

TEST(MediaTest, EachKindOfFileIsRead) {
  const std::vector<FileCase> cases{
      {"document",
       R"({"document":{"file_id":"d","file_unique_id":"u","file_name":"a b.pdf","mime_type":"application/pdf","file_size":7}})",
       MediaKind::document, "d", "a b.pdf", "application/pdf", 7},
      {"a document of which nothing is known", R"({"document":{"file_id":"d","file_unique_id":"u"}})",
       MediaKind::document, "d", "", "", 0},
      {"voice",
       R"({"voice":{"file_id":"v","file_unique_id":"u","duration":4,"mime_type":"audio/ogg","file_size":9}})",
       MediaKind::voice, "v", "", "audio/ogg", 9},
      {"audio",
       R"({"audio":{"file_id":"a","file_unique_id":"u","duration":4,"file_name":"x.mp3","file_size":9}})",
       MediaKind::audio, "a", "x.mp3", "", 9},
      {"video", R"({"video":{"file_id":"f","file_unique_id":"u","width":1,"height":1,"duration":4}})",
       MediaKind::video, "f", "", "", 0},
      {"video note", R"({"video_note":{"file_id":"n","file_unique_id":"u","length":1,"duration":4}})",
       MediaKind::video_note, "n", "", "", 0},
      {"animation, which comes as a document too",
       R"({"animation":{"file_id":"g","file_unique_id":"u","duration":4},"document":{"file_id":"g2","file_unique_id":"u"}})",
       MediaKind::animation, "g", "", "", 0},
      {"still sticker",
       R"({"sticker":{"file_id":"s","file_unique_id":"u","emoji":"😀","is_animated":false,"is_video":false,"file_size":3}})",
       MediaKind::sticker, "s", "", "image/webp", 3},
      {"moving sticker: its still picture",
       R"({"sticker":{"file_id":"s","file_unique_id":"u","is_animated":true,"thumbnail":{"file_id":"t","file_unique_id":"u","width":1,"height":1}}})",
       MediaKind::sticker, "t", "", "image/webp", 0},
      {"live photo: its photo",
       R"({"live_photo":{"file_id":"l","file_unique_id":"u","photo":[{"file_id":"p","file_unique_id":"u","width":1,"height":1}]}})",
       MediaKind::photo, "p", "", "image/jpeg", 0}};
  for (const FileCase& one : cases) {
    SCOPED_TRACE(one.name);
    const auto media = decode_media(message(one.message));
    ASSERT_TRUE(media);
    EXPECT_EQ(media->kind, one.kind);
    EXPECT_EQ(media->file_id, one.file_id);
    EXPECT_EQ(media->file_name, one.file_name);
    EXPECT_EQ(media->mime_type, one.mime_type);
    EXPECT_EQ(media->size, one.size);
  }
}

TEST(MediaTest, OfAPhotoTheLargestSizeThatCanBeFetchedIsTaken) {
  const auto media = decode_media(message(
      R"({"photo":[{"file_id":"s","file_unique_id":"u","width":90,"height":90,"file_size":1000},
                   {"file_id":"m","file_unique_id":"u","width":800,"height":800,"file_size":90000},
                   {"file_id":"l","file_unique_id":"u","width":9000,"height":9000,"file_size":20971521}]})"));

  ASSERT_TRUE(media);
  EXPECT_EQ(media->file_id, "m");
}

TEST(MediaTest, APhotoWhoseSizesAreAllTooLargeKeepsTheSizeThatSaysSo) {
  const auto media = decode_media(message(
      R"({"photo":[{"file_id":"l","file_unique_id":"u","width":1,"height":1,"file_size":20971521}]})"));

  ASSERT_TRUE(media);
  EXPECT_GT(media->size, cloud_download_limit);
}

TEST(MediaTest, WhatHasNoFileThatCanBeFetchedHasNone) {
  for (const char* text :
       {"{}", R"({"text":"hi"})", R"({"photo":[]})", R"({"photo":7})", R"({"document":null})",
        R"({"document":{"file_name":"no id"}})", R"({"location":{"latitude":1,"longitude":2}})",
        R"({"sticker":{"file_id":"s","file_unique_id":"u","is_video":true}})", R"({"poll":{"id":"1"}})"}) {
    EXPECT_FALSE(decode_media(message(text))) << text;
  }
}

TEST(MediaTest, ALocationAVenueAndAContactAreRead) {
  const auto location = decode_location(message(R"({"location":{"latitude":60.17,"longitude":-24.5}})"));
  ASSERT_TRUE(location);
  EXPECT_DOUBLE_EQ(location->latitude, 60.17);
  EXPECT_DOUBLE_EQ(location->longitude, -24.5);

  const auto venue = decode_location(message(
      R"({"location":{"latitude":9,"longitude":9},"venue":{"location":{"latitude":1,"longitude":2},"title":"Museum","address":"Street 1"}})"));
  ASSERT_TRUE(venue);
  EXPECT_DOUBLE_EQ(venue->latitude, 1);
  EXPECT_EQ(venue->title, "Museum");
  EXPECT_EQ(venue->address, "Street 1");

  const auto contact =
      decode_contact(message(R"({"contact":{"phone_number":"+49 1","first_name":"Grace"}})"));
  ASSERT_TRUE(contact);
  EXPECT_EQ(contact->phone_number, "+49 1");
  EXPECT_EQ(contact->first_name, "Grace");
}

TEST(MediaTest, AnUpdateBringsTheFileItsCaptionAndItsAlbum) {
  const auto update = decode_update(
      R"({"update_id":1,"message":{"message_id":2,"date":3,"chat":{"id":4,"type":"private"},
          "voice":{"file_id":"v","file_unique_id":"u","duration":11},"caption":"listen","media_group_id":"77"}})");

  ASSERT_TRUE(update);
  ASSERT_TRUE(update->message->media);
  EXPECT_EQ(update->message->media->seconds, 11);
  EXPECT_EQ(update->message->caption, "listen");
  EXPECT_EQ(update->message->media_group_id, "77");
}

}  // namespace

}  // namespace butler::telegram::media_test
