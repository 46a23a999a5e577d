#include "telegram/upload.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <span>
#include <system_error>

namespace butler::telegram::upload_test {

namespace {

std::string as_text(const UploadForm& form) {
  std::string text(form.body->size() + 1, '\0');
  std::size_t count = 0;
  while (const std::size_t more = form.body->read(std::span{text}.subspan(count))) count += more;
  text.resize(count);
  return text;
}

/// A file to send.
class UploadFormTest : public ::testing::Test {
 protected:
  UploadFormTest() { std::ofstream{file_} << "BYTES"; }
  ~UploadFormTest() override { std::filesystem::remove(file_); }

  std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / ("upload_test." + std::to_string(::getpid()));
};

TEST_F(UploadFormTest, OneFileIsItsKindsCallWithItsCaption) {
  const auto form = upload_form({{"chat_id", 42}, {"disable_notification", true}},
                                {{.kind = UploadKind::photo,
                                  .file_name = "chart.png",
                                  .content_type = "image/png",
                                  .caption = "The chart",
                                  .path = file_}},
                                "B");

  EXPECT_EQ(form.method, "sendPhoto");
  EXPECT_EQ(form.content_type, "multipart/form-data; boundary=B");
  EXPECT_EQ(as_text(form),
            "--B\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n42\r\n"
            "--B\r\nContent-Disposition: form-data; name=\"disable_notification\"\r\n\r\ntrue\r\n"
            "--B\r\nContent-Disposition: form-data; name=\"caption\"\r\n\r\nThe chart\r\n"
            "--B\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"chart.png\"\r\n"
            "Content-Type: image/png\r\n\r\nBYTES\r\n--B--\r\n");
}

TEST_F(UploadFormTest, SeveralFilesAreAnAlbumThatNamesItsParts) {
  const auto form =
      upload_form({},
                  {{.kind = UploadKind::photo, .file_name = "a.jpg", .caption = "both", .path = file_},
                   {.kind = UploadKind::video, .file_name = "b.mp4", .path = file_}},
                  "B");

  EXPECT_EQ(form.method, "sendMediaGroup");
  const std::string text = as_text(form);
  EXPECT_NE(
      text.find(
          R"([{"type":"photo","media":"attach://file0","caption":"both"},{"type":"video","media":"attach://file1"}])"),
      std::string::npos);
  EXPECT_NE(text.find("name=\"file0\"; filename=\"a.jpg\""), std::string::npos);
  EXPECT_NE(text.find("name=\"file1\"; filename=\"b.mp4\""), std::string::npos);
}

TEST_F(UploadFormTest, EachKindHasItsCall) {
  const std::vector<std::pair<UploadKind, std::string>> calls{{UploadKind::photo, "sendPhoto"},
                                                              {UploadKind::document, "sendDocument"},
                                                              {UploadKind::voice, "sendVoice"},
                                                              {UploadKind::audio, "sendAudio"},
                                                              {UploadKind::video, "sendVideo"}};
  for (const auto& [kind, method] : calls) {
    EXPECT_EQ(upload_form({}, {{.kind = kind, .file_name = "x", .path = file_}}, "B").method, method);
  }
}

TEST_F(UploadFormTest, ANameCannotLeaveItsPlace) {
  const auto form =
      upload_form({}, {{.file_name = "a\"\r\nX: y", .content_type = "a/b\r\nX: y", .path = file_}}, "B");

  const std::string text = as_text(form);
  EXPECT_NE(text.find("filename=\"a___X: y\""), std::string::npos);
  EXPECT_NE(text.find("Content-Type: a/b__X: y\r\n"), std::string::npos);
}

TEST_F(UploadFormTest, AFileThatIsNotThereThrows) {
  EXPECT_THROW(upload_form({}, {{.file_name = "x", .path = file_.string() + ".none"}}, "B"),
               std::system_error);
}

TEST(UploadPatienceTest, LargeFilesMayTakeLonger) {
  EXPECT_EQ(upload_patience(0), std::chrono::seconds{60});
  EXPECT_EQ(upload_patience(std::uint64_t{50} << 20U), std::chrono::seconds{860});
}

}  // namespace

}  // namespace butler::telegram::upload_test
