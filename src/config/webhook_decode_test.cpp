#include <gmock/gmock.h>

#include "config/decode.hpp"

namespace butler::config::webhook_decode_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto good_secret = "A0b1C2d3E4f5-_G6h7";

using Variables = std::map<std::string, std::string>;

Decoded<GatewaySettings> decode_with(const Variables& more) {
  Variables variables{{"ORCH_GATEWAY_TOKEN", "gateway-0123456789-abcdef"},
                      {"TELEGRAM_BOT_TOKEN", "123456789:AbCdEfGhIjKlMnOpQrStUvWxYz0123456"},
                      {"TG_OWNER_IDS", "1001"}};
  for (const auto& [name, value] : more) variables[name] = value;
  Environment environment;
  for (const auto& [name, value] : variables) environment[name] = Entry{value, environment_source};
  return decode_gateway(environment, {.home = "/home/ada/.butler",
                                      .working_directory = "/home/ada",
                                      .default_runtime = "/home/ada/.butler/runtime",
                                      .default_worker_id = "laptop-1",
                                      .provider_variables = {}});
}

Decoded<GatewaySettings> with_webhook(const Variables& more = {}) {
  Variables variables{{"TG_WEBHOOK_URL", "https://butler.example/hook"}, {"TG_WEBHOOK_SECRET", good_secret}};
  for (const auto& [name, value] : more) variables[name] = value;
  return decode_with(variables);
}

/// The one problem that there is.
std::string problem_of(const Decoded<GatewaySettings>& decoded) {
  if (decoded) return "none";
  return decoded.error().size() == 1 ? decoded.error().front().text() : "several";
}

TEST(WebhookSettingsDecode, WithoutAnUrlThereIsNoWebhook) {
  const auto settings = decode_with({});

  ASSERT_TRUE(settings);
  EXPECT_FALSE(settings->webhook.enabled());
}

TEST(WebhookSettingsDecode, UrlAndSecretAreEnoughAndTheListenerIsOnLoopback) {
  const auto settings = with_webhook();

  ASSERT_TRUE(settings) << problem_of(settings);
  EXPECT_EQ(settings->webhook.url, "https://butler.example/hook");
  EXPECT_EQ(settings->webhook.secret.reveal(), good_secret);
  EXPECT_EQ(settings->webhook.host, "127.0.0.1");
  EXPECT_EQ(settings->webhook.port, 8443);
  EXPECT_TRUE(settings->webhook.certificate.empty());
}

TEST(WebhookSettingsDecode, ASecretIsMandatory) {
  EXPECT_THAT(problem_of(decode_with({{"TG_WEBHOOK_URL", "https://butler.example/hook"}})),
              HasSubstr("TG_WEBHOOK_SECRET"));
}

struct Bad {
  Variables variables;
  std::string words;
};

class WebhookFault : public testing::TestWithParam<Bad> {};

TEST_P(WebhookFault, IsToldWithWhatToDo) {
  EXPECT_THAT(problem_of(with_webhook(GetParam().variables)), HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    Settings, WebhookFault,
    testing::Values(Bad{{{"TG_WEBHOOK_SECRET", "short-1234"}}, "expected at least 16"},
                    Bad{{{"TG_WEBHOOK_SECRET", "changeme-changeme-1"}}, "placeholder"},
                    Bad{{{"TG_WEBHOOK_SECRET", "0123456789abcdef.+"}}, "Telegram takes no others"},
                    Bad{{{"TG_WEBHOOK_SECRET", std::string(64, 'a') + std::string(193, 'b') + "cdefgh"}},
                        "Telegram takes no others"},
                    Bad{{{"TG_WEBHOOK_SECRET", "gateway-0123456789-abcdef"}},
                        "is the same as ORCH_GATEWAY_TOKEN"},
                    Bad{{{"TG_WEBHOOK_URL", "http://butler.example/hook"}}, "use https://"},
                    Bad{{{"TG_WEBHOOK_URL", "https://butler.example:9000/hook"}}, "443, 80, 88 and 8443"},
                    Bad{{{"TG_WEBHOOK_HOST", "0.0.0.0"}}, "needs TLS"},
                    Bad{{{"TG_WEBHOOK_HOST", "butler.example"}}, "a numeric address"},
                    Bad{{{"TG_WEBHOOK_CERT", "cert.pem"}}, "TG_WEBHOOK_KEY"},
                    Bad{{{"TG_WEBHOOK_KEY", "key.pem"}}, "TG_WEBHOOK_CERT"}));

TEST(WebhookSettingsDecode, AnotherBindNeedsTlsOrTheUnsafeName) {
  EXPECT_TRUE(with_webhook(
      {{"TG_WEBHOOK_HOST", "0.0.0.0"}, {"TG_WEBHOOK_CERT", "cert.pem"}, {"TG_WEBHOOK_KEY", "/etc/key.pem"}}));
  EXPECT_TRUE(with_webhook({{"TG_WEBHOOK_HOST", "::"}, {"TG_WEBHOOK_UNSAFE_PLAIN", "true"}}));
}

TEST(WebhookSettingsDecode, FilesAreFoundFromWhereButlerStarts) {
  const auto settings = with_webhook({{"TG_WEBHOOK_CERT", "cert.pem"}, {"TG_WEBHOOK_KEY", "/etc/key.pem"}});

  ASSERT_TRUE(settings) << problem_of(settings);
  EXPECT_EQ(settings->webhook.certificate, "/home/ada/cert.pem");
  EXPECT_EQ(settings->webhook.key, "/etc/key.pem");
}

TEST(WebhookSettingsDecode, AServerOfOnesOwnDeliversToAnyPortAndThisMachineWithoutTls) {
  EXPECT_TRUE(with_webhook({{"TELEGRAM_API_ROOT", "http://127.0.0.1:8081"},
                            {"TG_WEBHOOK_URL", "https://butler.example:9000/hook"}}));
  EXPECT_TRUE(with_webhook({{"TG_WEBHOOK_URL", "http://127.0.0.1:9000/hook"}}));
}

}  // namespace
}  // namespace butler::config::webhook_decode_test
