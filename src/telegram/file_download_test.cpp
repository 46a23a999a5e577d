#include "telegram/file_download.hpp"

#include <gtest/gtest.h>

namespace butler::telegram::file_download_test {

namespace {

using Kind = FileError::Kind;

ApiError refused(int code, std::string words) {
  return {.kind = ApiError::Kind::refused, .error_code = code, .description = std::move(words)};
}

TEST(FileErrorTest, EachRefusalOfALinkHasItsMeaning) {
  EXPECT_EQ(file_error(refused(400, "Bad Request: file is too big")).kind, Kind::too_big);
  EXPECT_EQ(
      file_error(refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable")).kind,
      Kind::unavailable);
  EXPECT_EQ(file_error(refused(401, "Unauthorized")).kind, Kind::token_refused);
  EXPECT_EQ(file_error(refused(404, "Not Found")).kind, Kind::token_refused);
  EXPECT_EQ(file_error(refused(500, "Internal Server Error")).kind, Kind::interrupted);
  EXPECT_EQ(file_error({.kind = ApiError::Kind::not_sent, .description = "refused"}).kind, Kind::interrupted);
  EXPECT_EQ(file_error({.kind = ApiError::Kind::unknown, .error_code = 502, .description = "a page"}).kind,
            Kind::interrupted);
}

TEST(FileErrorTest, AFloodSaysHowLong) {
  auto flood = refused(429, "Too Many Requests: retry after 7");
  flood.retry_after = std::chrono::seconds{7};

  EXPECT_EQ(file_error(flood).kind, Kind::flood);
  EXPECT_EQ(file_error(flood).retry_after, std::chrono::seconds{7});
}

TEST(LinkTargetTest, APathIsEncodedSegmentBySegment) {
  EXPECT_EQ(link_target("photos/file_1.jpg"), "photos/file_1.jpg");
  EXPECT_EQ(link_target("documents/a b?c#d.txt"), "documents/a%20b%3Fc%23d.txt");
  EXPECT_EQ(link_target("x\r\nHost: evil"), "x%0D%0AHost%3A%20evil");
}

TEST(LinkTargetTest, APathThatLeadsElsewhereIsNone) {
  for (const char* path : {"", "/etc/passwd", "../getMe", "a/../../b", "a//b", "a/./b", "a/"}) {
    EXPECT_FALSE(link_target(path)) << path;
  }
}

TEST(PathInFolderTest, OnlyWhatLiesInTheServersFolderIsRead) {
  EXPECT_EQ(path_in_folder("/srv/bot/700:x/photos/1.jpg", "/srv/bot"), "700:x/photos/1.jpg");
  EXPECT_EQ(path_in_folder("/srv/bot/a/../b", "/srv/bot/"), "b");
  for (const char* path : {"/etc/passwd", "/srv/bot/../secret", "/srv/bot", "/srv/botanic/1", "relative"}) {
    EXPECT_FALSE(path_in_folder(path, "/srv/bot")) << path;
  }
  EXPECT_FALSE(path_in_folder("/etc/passwd", ""));
}

}  // namespace

}  // namespace butler::telegram::file_download_test
