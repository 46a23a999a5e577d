#include "telegram/multipart.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "telegram/bot_api.hpp"

namespace butler::telegram::multipart_test {

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MultipartTest, ADocumentAndItsFieldsBecomeParts) {
  json::Object payload = document_payload("answer.md", "# Title\r\nümlaut", "The whole answer");
  payload["chat_id"] = -5;
  payload["reply_parameters"] = json::Object{{"message_id", 7}};

  const MultipartBody body = multipart(payload);

  EXPECT_EQ(body.content_type, "multipart/form-data; boundary=butler-part-0");
  EXPECT_EQ(body.text,
            "--butler-part-0\r\n"
            "Content-Disposition: form-data; name=\"document\"; filename=\"answer.md\"\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n\r\n"
            "# Title\r\nümlaut\r\n"
            "--butler-part-0\r\n"
            "Content-Disposition: form-data; name=\"caption\"\r\n\r\nThe whole answer\r\n"
            "--butler-part-0\r\n"
            "Content-Disposition: form-data; name=\"chat_id\"\r\n\r\n-5\r\n"
            "--butler-part-0\r\n"
            "Content-Disposition: form-data; name=\"reply_parameters\"\r\n\r\n{\"message_id\":7}\r\n"
            "--butler-part-0--\r\n");
}

TEST(MultipartTest, AContentThatHoldsTheBoundaryGetsAnotherOne) {
  const MultipartBody body = multipart(document_payload("a.md", "--butler-part-0--\r\nand more", ""));
  EXPECT_THAT(body.content_type, HasSubstr("butler-part-1"));
}

TEST(MultipartTest, AFileNameCannotLeaveItsQuotes) {
  const MultipartBody body = multipart(document_payload("a\"; name=\"chat_id\"\r\n.md", "x", ""));
  EXPECT_THAT(body.text, HasSubstr("filename=\"a_; name=_chat_id___.md\""));
}

}  // namespace

}  // namespace butler::telegram::multipart_test
