#include "gateway/webhook_plan.hpp"

#include <gmock/gmock.h>

#include "telegram/subscription.hpp"

namespace butler::gateway::webhook_plan_test {
namespace {

using testing::HasSubstr;

const domain::Timestamp now{std::chrono::seconds{1'800'000'000}};

telegram::WebhookRequest wanted() {
  return {.url = "https://butler.example/hook", .secret = config::Secret("the-secret-of-the-hook")};
}

std::vector<std::string> our_updates() {
  std::vector<std::string> kinds;
  for (const auto& kind : telegram::subscribed_updates()) kinds.emplace_back(kind.get_string());
  return kinds;
}

/// As Telegram tells it after our setWebhook.
telegram::WebhookState set_by_us() {
  return {.url = "https://butler.example/hook", .connections = 40, .updates = our_updates()};
}

TEST(WebhookPlan, WhatIsAsWeWantItIsLeftAlone) {
  EXPECT_EQ(reason_to_set_webhook(wanted(), set_by_us(), webhook_fingerprint(wanted())), std::nullopt);
}

TEST(WebhookPlan, TheOrderOfUpdatesAndHowAnAddressIsWrittenMakeNoDifference) {
  auto there = set_by_us();
  std::ranges::reverse(*there.updates);
  there.url = "https://Butler.example:443/hook";

  EXPECT_EQ(reason_to_set_webhook(wanted(), there, webhook_fingerprint(wanted())), std::nullopt);
}

struct Difference {
  std::string what;
  std::function<void(telegram::WebhookState&)> change;
  std::string reason;
};

class WebhookDifference : public testing::TestWithParam<Difference> {};

TEST_P(WebhookDifference, IsAReasonToSetIt) {
  auto there = set_by_us();
  GetParam().change(there);

  EXPECT_THAT(reason_to_set_webhook(wanted(), there, webhook_fingerprint(wanted())).value_or("none"),
              HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    AtTelegram, WebhookDifference,
    testing::Values(
        Difference{"none", [](auto& there) { there = {}; }, "none was set"},
        Difference{"another host", [](auto& there) { there.url = "https://other.example/secret-path"; },
                   "another one was set, at other.example"},
        Difference{"another path", [](auto& there) { there.url = "https://butler.example/else"; },
                   "another one"},
        Difference{"fewer updates", [](auto& there) { there.updates->pop_back(); }, "other kinds"},
        Difference{"Telegram's choice", [](auto& there) { there.updates.reset(); }, "other kinds"},
        Difference{"a certificate", [](auto& there) { there.own_certificate = true; }, "certificate"}),
    [](const auto& one) {
      std::string name = one.param.what;
      std::erase_if(name, [](char c) { return c == ' ' || c == '\''; });
      return name;
    });

TEST(WebhookPlan, WhatTelegramDoesNotShowIsKnownByItsFingerprint) {
  auto other_secret = wanted();
  other_secret.secret = config::Secret("another-secret-of-ours");
  auto other_certificate = wanted();
  other_certificate.certificate = "-----BEGIN CERTIFICATE-----";

  EXPECT_NE(webhook_fingerprint(wanted()), webhook_fingerprint(other_secret));
  EXPECT_NE(webhook_fingerprint(wanted()), webhook_fingerprint(other_certificate));
  EXPECT_THAT(reason_to_set_webhook(other_secret, set_by_us(), webhook_fingerprint(wanted())).value_or(""),
              HasSubstr("our settings have changed"));
  EXPECT_TRUE(reason_to_set_webhook(wanted(), set_by_us(), std::nullopt));
}

TEST(WebhookPlan, TheFingerprintDoesNotTellTheSecret) {
  EXPECT_THAT(webhook_fingerprint(wanted()), testing::Not(HasSubstr("the-secret")));
}

TEST(WebhookPlan, ParametersDropNothingAndCarryTheSecret) {
  const auto parameters = telegram::webhook_parameters(wanted());

  EXPECT_FALSE(parameters.contains("drop_pending_updates"));
  EXPECT_EQ(parameters.at("secret_token"), "the-secret-of-the-hook");
  EXPECT_EQ(parameters.at("allowed_updates"), json::Value(telegram::subscribed_updates()));
}

struct Trouble {
  std::string what;
  std::int64_t pending = 0;
  std::chrono::seconds failed_ago{0};  ///< 0: never
  std::optional<std::chrono::seconds> received_ago = {};
  bool troubled = false;
};

class WebhookTrouble : public testing::TestWithParam<Trouble> {};

TEST_P(WebhookTrouble, IsOneWhileUpdatesWaitBehindAFreshError) {
  const Trouble& given = GetParam();
  auto there = set_by_us();
  there.pending_updates = given.pending;
  if (given.failed_ago.count() > 0) {
    there.last_error_at =
        std::chrono::duration_cast<std::chrono::seconds>((now - given.failed_ago).time_since_epoch()).count();
    there.last_error = "Connection refused";
  }
  std::optional<domain::Timestamp> received;
  if (given.received_ago) received = now - *given.received_ago;

  const auto words = webhook_trouble(there, received, now);

  EXPECT_EQ(!words.empty(), given.troubled) << words;
  if (given.troubled) EXPECT_THAT(words, HasSubstr("butler.example, 3 wait there: Connection refused"));
}

using std::chrono::seconds;
INSTANTIATE_TEST_SUITE_P(
    States, WebhookTrouble,
    testing::Values(
        Trouble{.what = "all_well"}, Trouble{.what = "only_waiting", .pending = 3},
        Trouble{.what = "failing", .pending = 3, .failed_ago = seconds{30}, .troubled = true},
        Trouble{.what = "old_error", .pending = 3, .failed_ago = seconds{400}},
        Trouble{.what = "nothing_waits", .failed_ago = seconds{30}},
        Trouble{.what = "came_since", .pending = 3, .failed_ago = seconds{30}, .received_ago = seconds{5}},
        Trouble{.what = "came_before",
                .pending = 3,
                .failed_ago = seconds{30},
                .received_ago = seconds{60},
                .troubled = true}),
    [](const auto& one) { return one.param.what; });

TEST(WebhookPlan, ThePathIsThatOfTheAddress) {
  EXPECT_EQ(webhook_path("https://butler.example/a/hook"), "/a/hook");
  EXPECT_EQ(webhook_path("https://butler.example"), "/");
}

}  // namespace
}  // namespace butler::gateway::webhook_plan_test
