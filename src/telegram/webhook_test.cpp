#include "telegram/webhook.hpp"

#include <gmock/gmock.h>

#include "telegram/multipart.hpp"

namespace butler::telegram::webhook_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(WebhookInfo, IsReadWithItsLastError) {
  const auto state = read_webhook_state(json::Object{{"url", "https://butler.example/hook"},
                                                     {"has_custom_certificate", true},
                                                     {"pending_update_count", 3},
                                                     {"max_connections", 40},
                                                     {"last_error_date", 1'800'000'000},
                                                     {"last_error_message", "Connection refused"},
                                                     {"allowed_updates", json::Array{"message", "poll"}}});

  EXPECT_EQ(state.url, "https://butler.example/hook");
  EXPECT_EQ(state.pending_updates, 3);
  EXPECT_TRUE(state.own_certificate);
  EXPECT_EQ(state.connections, 40);
  EXPECT_EQ(state.last_error_at, 1'800'000'000);
  EXPECT_EQ(state.last_error, "Connection refused");
  EXPECT_THAT(state.updates.value(), ElementsAre("message", "poll"));
}

TEST(WebhookInfo, WithoutAWebhookItIsNearlyEmpty) {
  const auto state = read_webhook_state(json::Object{{"url", ""}, {"pending_update_count", 1}});

  EXPECT_EQ(state.url, "");
  EXPECT_EQ(state.updates, std::nullopt);
  EXPECT_EQ(state.last_error_at, 0);
}

TEST(SetWebhook, ACertificateOfOurOwnGoesOutAsAFile) {
  const auto body = multipart(webhook_parameters({.url = "https://203.0.113.7:8443/hook",
                                                  .secret = config::Secret("a-secret-of-the-hook"),
                                                  .certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n"}));

  EXPECT_THAT(body.text, HasSubstr("name=\"certificate\"; filename=\"certificate.pem\""));
  EXPECT_THAT(body.text, HasSubstr("-----BEGIN CERTIFICATE-----\nAAAA\n"));
  EXPECT_THAT(body.text, HasSubstr("name=\"secret_token\"\r\n\r\na-secret-of-the-hook\r\n"));
  EXPECT_THAT(body.text, HasSubstr("name=\"allowed_updates\"\r\n\r\n[\"message\""));
}

TEST(DeliveredUpdate, IsWhatHasAnUpdateId) {
  const auto update = read_update(R"({"update_id": 12, "message": {"text": "ü"}})");

  ASSERT_TRUE(update);
  EXPECT_EQ(update->update_id, 12);
  EXPECT_THAT(update->json, HasSubstr(R"("text":"ü")"));
  for (const char* const body : {"", "nonsense", "[]", "{}", R"({"update_id":"12"})", R"({"update_id":-1})"})
    EXPECT_FALSE(read_update(body)) << body;
}

TEST(WebhookAddress, IsComparedAsTelegramWritesIt) {
  EXPECT_TRUE(same_webhook_url("https://Butler.example", "https://butler.example:443/"));
  EXPECT_FALSE(same_webhook_url("https://butler.example/a", "https://butler.example/A"));
  EXPECT_FALSE(same_webhook_url("https://butler.example", "http://butler.example:443"));
}

}  // namespace
}  // namespace butler::telegram::webhook_test
