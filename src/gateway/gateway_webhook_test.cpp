#include "gateway/gateway_fixture.hpp"
#include "http/client.hpp"

namespace butler::gateway::gateway_webhook_test {

namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr auto secret = "the-secret-of-the-hook-1";

/// Updates are brought to us.
class GatewayWebhookTest : public GatewayTest {
 protected:
  GatewayWebhookTest() {
    settings.webhook = {.url = "https://butler.example/hook",
                        .secret = config::Secret(secret),
                        .port = 0,
                        .certificate = {},
                        .key = {}};
    options.webhook.recheck = 20ms;
    options.webhook.timing.ordinary.initial = 5ms;
  }

  ~GatewayWebhookTest() override {
    kill();
    deliveries.cancel();
    until([&] { return deliveries.size() == 0; });
  }

  void start_hooked() {
    start();
    ASSERT_TRUE(until([&] { return times_ready == 1 && gateway->webhook_port() != 0; }));
  }

  json::Object update(std::string text, std::int64_t chat = owner, std::int64_t person = owner) {
    telegram.say(std::move(text), person,
                 {{"id", chat}, {"type", chat == person ? "private" : "supergroup"}});
    json::Object one = telegram.updates.back();
    telegram.updates.pop_back();
    return one;
  }

  struct Request {
    std::string body;
    std::string target = "/hook";
    std::string method = "POST";
    std::optional<std::string> shown = secret;
  };

  /// As Telegram does it, on a connection of its own; 0 when there was no answer.
  void deliver(Request request, int& status) {
    deliveries.spawn("delivery", send(std::move(request), status));
  }
  int answer_to(Request request) {
    int status = -1;
    deliver(std::move(request), status);
    EXPECT_TRUE(until([&] { return status != -1; }));
    return status;
  }
  int answer_to(const json::Object& one) { return answer_to({.body = json::serialize(one)}); }

  boost::asio::awaitable<void> send(Request wanted, int& status) {
    http::Client client(io.get_executor(),
                        http::Url{.host = "127.0.0.1", .port = std::to_string(gateway->webhook_port())});
    http::Request request{.head = {.method = wanted.method, .target = wanted.target},
                          .body = std::move(wanted.body)};
    if (wanted.shown) request.head.headers.add("X-Telegram-Bot-Api-Secret-Token", *wanted.shown);
    const auto answer = co_await client.send(std::move(request), 10s);
    if (answer) bodies.push_back(answer->body);
    if (answer && answer->status == 503)
      retry_after = std::string{answer->headers.find("retry-after").value_or("")};
    status = answer ? answer->status : 0;
  }

  std::vector<std::string> bodies;
  std::string retry_after;
  async::TaskGroup deliveries{io.get_executor()};
};

TEST_F(GatewayWebhookTest, TellsTelegramOnceWhereToDeliver) {
  start_hooked();
  ASSERT_TRUE(until([&] { return telegram.count_calls("getWebhookInfo") >= 4; }));

  EXPECT_EQ(telegram.count_calls("setWebhook"), 1U);
  EXPECT_EQ(telegram.webhook, "https://butler.example/hook");
  EXPECT_EQ(json::find_string(telegram.webhook_parameters, "secret_token"), secret);
  EXPECT_EQ(json::find(telegram.webhook_parameters, "drop_pending_updates"), nullptr);
  EXPECT_EQ(telegram.count_calls("getUpdates"), 0U);

  kill();
  times_ready = 0;
  start_hooked();
  ASSERT_TRUE(until([&] { return telegram.count_calls("getWebhookInfo") >= 8; }));
  EXPECT_EQ(telegram.count_calls("setWebhook"), 1U) << "nothing has changed";
}

TEST_F(GatewayWebhookTest, ANewSecretIsToldToTelegramAndTheOldOneIsWorthNothing) {
  start_hooked();
  ASSERT_TRUE(until([&] { return telegram.count_calls("setWebhook") == 1; }));
  kill();
  settings.webhook.secret = config::Secret("another-secret-of-the-hook");
  times_ready = 0;
  start_hooked();
  ASSERT_TRUE(until([&] { return telegram.count_calls("setWebhook") == 2; }));

  EXPECT_EQ(answer_to(update("hello")), 401);
}

TEST_F(GatewayWebhookTest, AWebhookThatSomebodyElseSetIsReplacedAndAFightIsToldToTheOwner) {
  start_hooked();
  for (std::size_t times = 1; times <= 3; ++times) {
    ASSERT_TRUE(until([&] { return telegram.count_calls("setWebhook") == times; }));
    telegram.webhook = "https://elsewhere.example/hook";
  }

  ASSERT_TRUE(until([&] { return !telegram.shown.empty(); }));
  EXPECT_THAT(texts(), ElementsAre(HasSubstr("does not stay as we set it")));
}

TEST_F(GatewayWebhookTest, ADeliveredUpdateIsAnsweredWithNothingAndBecomesAJob) {
  start_hooked();

  EXPECT_EQ(answer_to(update("hello")), 200);

  EXPECT_THAT(bodies, ElementsAre(IsEmpty()));
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre("re: hello"));
}

TEST_F(GatewayWebhookTest, WithoutTheSecretNobodyLearnsAnything) {
  start_hooked();
  const std::string body = json::serialize(update("hello"));
  const std::string almost = std::string{secret}.substr(0, 23) + "2";

  for (const std::optional<std::string>& shown :
       {std::optional<std::string>{}, std::optional<std::string>{""}, std::optional<std::string>{"x"},
        std::optional<std::string>{almost}, std::optional<std::string>{std::string{secret} + "1"}}) {
    EXPECT_EQ(answer_to({.body = body, .shown = shown}), 401);
    EXPECT_EQ(answer_to({.body = body, .target = "/", .shown = shown}), 401);
    EXPECT_EQ(answer_to({.body = "", .method = "GET", .shown = shown}), 401);
  }

  EXPECT_THAT(bodies, Each(IsEmpty()));
  EXPECT_TRUE(orchestrator.created.empty());
}

TEST_F(GatewayWebhookTest, WithAnEmptySecretNobodyIsLetIn) {
  settings.webhook.secret = config::Secret("");
  start_hooked();

  EXPECT_EQ(answer_to({.body = json::serialize(update("hello")), .shown = ""}), 401);
  EXPECT_EQ(answer_to({.body = json::serialize(update("hello")), .shown = std::nullopt}), 401);
}

TEST_F(GatewayWebhookTest, OnlyAPostToThePathIsAnUpdate) {
  start_hooked();
  const std::string body = json::serialize(update("hello"));

  EXPECT_EQ(answer_to({.body = body, .target = "/other"}), 404);
  EXPECT_EQ(answer_to({.body = "", .method = "GET"}), 405);
  EXPECT_EQ(answer_to({.body = "{\"no\":\"update\"}"}), 400);
  EXPECT_EQ(answer_to({.body = "not JSON"}), 400);
  EXPECT_EQ(answer_to({.body = std::string((std::size_t{1} << 20U) + 1, ' ')}), 413);
  EXPECT_TRUE(orchestrator.created.empty());
}

TEST_F(GatewayWebhookTest, AnUpdateThatComesAgainIsAnsweredAndDoesNothing) {
  start_hooked();
  const auto one = update("hello");

  EXPECT_EQ(answer_to(one), 200);
  ASSERT_TRUE(shown(1));
  EXPECT_EQ(answer_to(one), 200);
  EXPECT_EQ(answer_to(update("next")), 200);

  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts(), ElementsAre("re: hello", "re: next"));
}

TEST_F(GatewayWebhookTest, ManyConnectionsAtOnceLoseNothingAndEachChatKeepsItsOrder) {
  start_hooked();
  std::vector<int> statuses(20, -1);
  for (std::size_t chat = 0; chat < statuses.size(); ++chat) {
    const std::int64_t place = -2'000 - static_cast<std::int64_t>(chat);
    deliver({.body = json::serialize(update("/task first " + std::to_string(chat), place))}, statuses[chat]);
  }
  ASSERT_TRUE(until([&] { return std::ranges::count(statuses, 200) == 20; }));
  std::vector<int> later(20, -1);
  for (std::size_t chat = 0; chat < later.size();
       ++chat) {  // Telegram sends a chat's next when it has our 200
    const std::int64_t place = -2'000 - static_cast<std::int64_t>(chat);
    deliver({.body = json::serialize(update("/task second " + std::to_string(chat), place))}, later[chat]);
  }

  ASSERT_TRUE(until([&] { return telegram.shown.size() == 40; }));
  std::map<std::int64_t, std::vector<std::string>> by_chat;
  for (const auto& one : telegram.shown) by_chat[one.chat_id].push_back(one.text);
  for (int chat = 0; chat < 20; ++chat) {
    EXPECT_THAT(by_chat[-2'000 - chat],
                ElementsAre("re: first " + std::to_string(chat), "re: second " + std::to_string(chat)));
  }
}

TEST_F(GatewayWebhookTest, WhenWeAreKilledBehindTheCommitTheSameUpdateMakesNoSecondJob) {
  orchestrator.instant_agent = false;
  start_hooked();
  const auto one = update("hello");
  orchestrator.on_created = [this] { cut(); };
  int status = -1;
  deliver({.body = json::serialize(one)}, status);
  ASSERT_TRUE(until([&] { return !running; }));

  times_ready = 0;
  restart();
  ASSERT_TRUE(until([&] { return times_ready == 1; }));
  EXPECT_EQ(answer_to(one), 200);
  ASSERT_TRUE(until([&] { return orchestrator.jobs.size() == 1; }));
  EXPECT_EQ(answer_to(update("next")), 200);
  ASSERT_TRUE(until([&] { return orchestrator.jobs.size() == 2; }));
  EXPECT_THAT(orchestrator.created, UnorderedElementsAre("hello", "next"));
}

TEST_F(GatewayWebhookTest, FromPollsToTheWebhookAndBackNothingIsLost) {
  settings.webhook.url.clear();
  start();
  say("polled");
  ASSERT_TRUE(shown(1));
  kill();

  settings.webhook.url = "https://butler.example/hook";
  times_ready = 0;
  start_hooked();
  ASSERT_TRUE(until([&] { return telegram.count_calls("setWebhook") == 1; }));
  say("waits at Telegram");  // the older one: its delivery has not worked yet
  EXPECT_EQ(answer_to(update("delivered")), 200);
  ASSERT_TRUE(until([&] { return telegram.shown.size() == 2; }));
  kill();

  settings.webhook.url.clear();
  start();
  ASSERT_TRUE(shown(3));
  EXPECT_EQ(telegram.count_calls("deleteWebhook"), 1U) << "it was ours";
  EXPECT_THAT(texts(), ElementsAre("re: polled", "re: delivered", "re: waits at Telegram"));
}

TEST_F(GatewayWebhookTest, ARefusedTokenEndsTheGateway) {
  start_hooked();
  telegram.token = "700001:another";

  ASSERT_TRUE(until([&] { return exit_status.has_value(); }));
  EXPECT_EQ(exit_status, 78);
}

}  // namespace

}  // namespace butler::gateway::gateway_webhook_test
