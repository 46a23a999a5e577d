#include "telegram/bot_api.hpp"

#include <gtest/gtest.h>

namespace butler::telegram::bot_api_test {

namespace {

using namespace std::chrono_literals;

http::Response response(int status, std::string body) { return {.status = status, .body = std::move(body)}; }

TEST(BotApiAnswerTest, AResultIsHandedOn) {
  const auto answer = read_answer(response(200, R"({"ok":true,"result":{"message_id":12}})"));

  ASSERT_TRUE(answer);
  EXPECT_EQ(json::find_integer(*answer, "message_id"), 12);
}

TEST(BotApiAnswerTest, ARefusalKeepsTelegramsWords) {
  const auto answer = read_answer(response(
      403, R"({"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"})"));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ApiError::Kind::refused);
  EXPECT_EQ(answer.error().describe(), "403 Forbidden: bot was blocked by the user");
}

TEST(BotApiAnswerTest, FloodControlSaysHowLong) {
  const auto answer = read_answer(response(
      429,
      R"({"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}})"));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().retry_after, 7s);
}

TEST(BotApiAnswerTest, FloodControlIsReadFromTheHeaderToo) {
  http::Response flood = response(429, R"({"ok":false,"error_code":429,"description":"Too Many Requests"})");
  flood.headers.add("Retry-After", "3");

  EXPECT_EQ(read_answer(flood).error().retry_after, 3s);
}

TEST(BotApiAnswerTest, AMovedGroupSaysWhereTo) {
  const auto answer = read_answer(response(
      400,
      R"({"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-100123}})"));

  EXPECT_EQ(answer.error().migrate_to_chat_id, -100'123);
}

TEST(BotApiAnswerTest, AProxysErrorPageLeavesTheOutcomeUnknown) {
  for (const char* body : {"<html>502 Bad Gateway</html>", "", R"({"ok":tr)", "[]", R"({"result":1})"}) {
    const auto answer = read_answer(response(502, body));
    ASSERT_FALSE(answer) << body;
    EXPECT_EQ(answer.error().kind, ApiError::Kind::unknown) << body;
    EXPECT_EQ(answer.error().error_code, 502) << body;
  }
}

TEST(BotApiAnswerTest, UpdatesKeepTheirJsonAndOneWithoutIdBlocksNothing) {
  const auto result =
      json::parse(R"([{"update_id":1,"x":{"y":[1]}},"junk",{"update_id":"2"},{"update_id":3}])").value();

  const UpdateBatch batch = read_updates(result);

  ASSERT_EQ(batch.updates.size(), 2U);
  EXPECT_EQ(batch.updates[0].json, R"({"update_id":1,"x":{"y":[1]}})");
  EXPECT_EQ(batch.updates[1].update_id, 3);
  EXPECT_EQ(batch.unreadable, 2U);
}

TEST(BotApiAnswerTest, ADeeplyNestedUpdateIsRead) {
  std::string deep = "1";
  for (int i = 0; i < 100; ++i) deep.insert(0, R"({"reply_to_message":)").append("}");

  EXPECT_TRUE(read_answer(response(200, R"({"ok":true,"result":[{"update_id":1,"message":)" + deep + "}]}")));
}

TEST(MessagePayloadTest, HasNoParseModeAndNoPreview) {
  EXPECT_EQ(json::serialize(message_payload("hi", {}, std::nullopt)),
            R"({"text":"hi","link_preview_options":{"is_disabled":true}})");
  EXPECT_EQ(json::serialize(message_payload("hi", {json::Object{{"type", "bold"}}}, 7)),
            R"({"text":"hi","entities":[{"type":"bold"}],"link_preview_options":{"is_disabled":true},)"
            R"("reply_parameters":{"message_id":7,"allow_sending_without_reply":true}})");
}

}  // namespace

}  // namespace butler::telegram::bot_api_test
