#include "gateway/image_size.hpp"

#include <gtest/gtest.h>

#include <string>

namespace butler::gateway::image_size_test {

namespace {

using namespace std::string_literals;

const std::string png = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06"s;
const std::string jpeg =
    "\xFF\xD8\xFF\xE0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xFF\xC4\0\x04\0\0\xFF\xC2\0\x11\x08\x01\xe0\x02\x80\3\1"s;
const std::string lossy = "RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x80\x02\xe0\x01"s;
const std::string extended = "RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0"s;
const std::string lossless = "RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x7f\xc2\x77\0\0\0\0\0\0\0"s;

TEST(ImageSizeTest, ThePicturesThatTelegramTakesTellTheirSize) {
  for (const std::string& picture : {png, jpeg, lossy, extended, lossless}) {
    EXPECT_EQ(image_size(picture), (ImageSize{.width = 640, .height = 480}));
  }
}

TEST(ImageSizeTest, WhatIsCutAnywhereTellsNothingAndReadsNothingBeyond) {
  for (const std::string& picture : {png, jpeg, lossy, extended, lossless}) {
    for (std::size_t length = 0; length + 3 < picture.size(); ++length) {
      const std::string cut = picture.substr(0, length);
      EXPECT_TRUE(!image_size(cut) || image_size(cut) == (ImageSize{.width = 640, .height = 480})) << length;
    }
  }
}

TEST(ImageSizeTest, OtherFilesHaveNone) {
  for (const std::string& other :
       {""s, "GIF89a\1\0\1\0"s, "hello"s, "\xFF\xD8\xFF\xE0\0\0\0\0\0\0\0\0"s,
        "\xFF\xD8nonsense of some length"s, "RIFF\0\0\0\0WAVEfmt and so on and so on"s}) {
    EXPECT_FALSE(image_size(other));
  }
}

}  // namespace

}  // namespace butler::gateway::image_size_test
