// The proxy between a real client and a real server, over sockets.
#include "model_proxy/proxy.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>

#include "async/event.hpp"
#include "http/client.hpp"
#include "json/value.hpp"
#include "model_proxy/token.hpp"

namespace butler::model_proxy::proxy_test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::awaitable;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto real_key = "the-real-key-of-the-provider";

/// Answers as the test says, and keeps what it was asked.
class Provider final : public http::Application {
 public:
  explicit Provider(asio::any_io_executor executor) : changed(executor) {}

  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead&) override {
    return http::BodyLimit{std::size_t{1} << 20U};
  }
  awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    requests.push_back(request);
    changed.notify_all();
    co_await answer(exchange);
  }

  std::vector<http::Request> requests;
  std::function<awaitable<void>(http::Exchange&)> answer;
  async::Event changed;
};

class LedgerInMemory final : public Ledger {
 public:
  Spent spent(std::string_view) override { return now; }
  void add(const Charge& charge) override { charges.push_back(charge); }

  Spent now;
  std::vector<Charge> charges;
};

constexpr auto event_one = "data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\n";
constexpr auto event_end =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":10}}\n\ndata: [DONE]\n\n";

class ModelProxyTest : public testing::Test {
 protected:
  ModelProxyTest() {
    provider_server.listen();
    background.spawn("provider", provider_server.run());
    provider.answer = [](http::Exchange& exchange) -> awaitable<void> {
      http::Response whole{.status = 200,
                           .headers = {{"content-type", "text/event-stream"}},
                           .body = std::string{event_one} + event_end};
      co_await exchange.send(std::move(whole));
    };
  }

  ~ModelProxyTest() override {
    grant.reset();
    if (proxy_server) run(proxy_server->shut_down(0ms));
    run(provider_server.shut_down(0ms));
    run(background.join());
  }

  void start(ProxyOptions options = {}, std::optional<std::string> model = "mock-1") {
    const auto price =
        Price{.rates = {.input = 1, .output = 2, .cache_read = 0.1, .cache_write = 1}, .tiers = {}};
    proxy.emplace(
        io.get_executor(),
        Upstream{.endpoints = {{.api = ModelApi::chat_completions, .base = address(provider_server, "/v1")}},
                 .key = real_key,
                 .headers = {},
                 .model = std::move(model),
                 .prices = {{"mock-1", price}}},
        ledger, options);
    proxy_server.emplace(io.get_executor(), http::ServerOptions{}, *proxy);
    proxy_server->listen();
    background.spawn("proxy", proxy_server->run());
    client.emplace(io.get_executor(), address(*proxy_server, proxy->path()));
    grant = proxy->grant();
  }

  static http::Url address(const http::Server& server, const std::string& path) {
    return {.tls = false, .host = "127.0.0.1", .port = std::to_string(server.port()), .path = path};
  }

  http::Request ask(const std::string& model = "mock-1", const std::string& token = {}) const {
    return {.head = {.method = "POST",
                     .target = "/chat/completions",
                     .headers = {{"authorization", "Bearer " + (token.empty() ? grant->token() : token)},
                                 {"content-type", "application/json"}}},
            .body = json::serialize(json::Object{{"model", model}, {"stream", true}})};
  }

  http::Response send(http::Request request) {
    std::optional<http::Response> response;
    const auto conversation = [&]() -> awaitable<void> {
      auto answer = co_await client->send(std::move(request), 5s);
      if (!answer) throw std::runtime_error(answer.error().message);
      response = std::move(*answer);
    };
    run(conversation());
    return response.value();
  }

  void run(awaitable<void> task) {
    bool ended = false;
    std::exception_ptr fault;
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr error) {
      fault = error;
      ended = true;
    });
    io.restart();
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!ended && std::chrono::steady_clock::now() < deadline) io.run_one_until(deadline);
    if (fault) std::rethrow_exception(fault);
    if (!ended) throw std::runtime_error("the task is stuck");
  }

  asio::io_context io{1};
  LedgerInMemory ledger;
  Provider provider{io.get_executor()};
  http::Server provider_server{io.get_executor(), {}, provider};
  async::TaskGroup background{io.get_executor()};
  std::optional<ModelProxy> proxy;
  std::optional<http::Server> proxy_server;
  std::optional<http::Client> client;
  std::unique_ptr<Grant> grant;
};

TEST_F(ModelProxyTest, TheProviderSeesItsKeyAndTheAgentItsAnswer) {
  start();
  grant->begin("job-1");

  const auto response = send(ask());

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, std::string{event_one} + event_end);
  ASSERT_EQ(provider.requests.size(), 1U);
  EXPECT_EQ(provider.requests.front().head.target, "/v1/chat/completions");
  EXPECT_EQ(provider.requests.front().head.headers.find("authorization"), std::string{"Bearer "} + real_key);
  EXPECT_THAT(ledger.charges, ElementsAre(Charge{.job = "job-1",
                                                 .model = "mock-1",
                                                 .usage = {.input = 100, .output = 10},
                                                 .estimated = false,
                                                 .cost = domain::Usd{120'000}}));
}

TEST_F(ModelProxyTest, ATokenIsOnlyValidWhileItsJobRuns) {
  start();
  EXPECT_EQ(send(ask()).status, 401);
  grant->begin("job-1");
  EXPECT_EQ(send(ask()).status, 200);
  EXPECT_EQ(send(ask("mock-1", "butler-of-nobody")).status, 401);
  EXPECT_EQ(send(ask("mock-1", real_key)).status, 401);
  grant->hold();
  EXPECT_EQ(send(ask()).status, 401);
  grant->begin("job-2");
  EXPECT_EQ(send(ask()).status, 200);
  grant->end();
  EXPECT_EQ(send(ask()).status, 401);
  const auto forgotten = ask();
  grant.reset();
  EXPECT_EQ(send(forgotten).status, 401);
  EXPECT_EQ(provider.requests.size(), 2U);
  EXPECT_EQ(ledger.charges.back().job, "job-2");
}

TEST_F(ModelProxyTest, NothingButTheModelIsAsked) {
  start();
  grant->begin("job-1");
  EXPECT_EQ(send(ask("another-model")).status, 403);
  auto other = ask();
  other.head.target = "/files";
  EXPECT_EQ(send(other).status, 404);
  other = ask();
  other.head.method = "GET";
  other.body.clear();
  EXPECT_EQ(send(other).status, 405);
  other = ask();
  other.body = "no json";
  EXPECT_EQ(send(other).status, 400);
  EXPECT_TRUE(provider.requests.empty());
}

TEST_F(ModelProxyTest, PiecesArePassedOnAsTheyCome) {
  start();
  grant->begin("job-1");
  async::Event read{io.get_executor()};
  bool first_read = false;
  provider.answer = [&](http::Exchange& exchange) -> awaitable<void> {
    http::Response head{.status = 200, .headers = {{"content-type", "text/event-stream"}}, .body = {}};
    co_await exchange.begin_stream(std::move(head));
    co_await exchange.write(event_one);
    while (!first_read) co_await read.wait();  // the agent has it, or this never ends
    co_await exchange.write(event_end);
  };
  std::vector<std::string> pieces;
  const auto conversation = [&]() -> awaitable<void> {
    auto stream = co_await client->open(ask(), 5s);
    if (!stream) throw std::runtime_error(stream.error().message);
    for (;;) {
      auto piece = co_await stream->read(5s);
      if (!piece) throw std::runtime_error(piece.error());
      if (!*piece) break;
      pieces.push_back(**piece);
      first_read = true;
      read.notify_all();
    }
  };

  run(conversation());

  EXPECT_THAT(pieces, ElementsAre(event_one, event_end));
}

TEST_F(ModelProxyTest, AnErrorOfTheProviderIsTheAgentsToSeeButForTheKey) {
  start();
  grant->begin("job-1");
  provider.answer = [](http::Exchange& exchange) -> awaitable<void> {
    http::Response error{
        .status = 429, .headers = {{"retry-after", "7"}}, .body = std::string{"slow down, "} + real_key};
    co_await exchange.send(std::move(error));
  };

  const auto response = send(ask());

  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.headers.find("retry-after"), "7");
  EXPECT_EQ(response.body, "slow down, [redacted]");
  EXPECT_TRUE(ledger.charges.empty());
}

TEST_F(ModelProxyTest, AnUnreachableProviderIsABadGateway) {
  start();
  grant->begin("job-1");
  run(provider_server.shut_down(0ms));

  const auto response = send(ask());

  EXPECT_EQ(response.status, 502);
  EXPECT_THAT(response.body, HasSubstr("gave no answer"));
  EXPECT_TRUE(ledger.charges.empty());
}

TEST_F(ModelProxyTest, AnAnswerThatBreaksOffIsCutForTheAgentTooAndChargedAsFarAsItCame) {
  start();
  grant->begin("job-1");
  provider.answer = [](http::Exchange& exchange) -> awaitable<void> {
    http::Response head{.status = 200, .headers = {{"content-type", "text/event-stream"}}, .body = {}};
    co_await exchange.begin_stream(std::move(head));
    co_await exchange.write(event_one);
    throw std::runtime_error("the provider has died");
  };
  std::string error;
  const auto conversation = [&]() -> awaitable<void> {
    auto answer = co_await client->send(ask(), 5s);
    error = answer ? "no error" : answer.error().message;
  };

  run(conversation());

  EXPECT_THAT(error, HasSubstr("middle of the response"));
  ASSERT_EQ(ledger.charges.size(), 1U);
  EXPECT_TRUE(ledger.charges.front().estimated);
  EXPECT_EQ(ledger.charges.front().usage.output, 1);
}

TEST_F(ModelProxyTest, AnAgentThatGoesAwayEndsTheRequestAtTheProvider) {
  start();
  grant->begin("job-1");
  bool provider_saw_the_end = false;
  provider.answer = [&](http::Exchange& exchange) -> awaitable<void> {
    async::Event closed{io.get_executor()};
    exchange.watch_close([&] {
      provider_saw_the_end = true;
      closed.notify_all();
    });
    while (!provider_saw_the_end) co_await closed.wait();
    provider.changed.notify_all();
  };
  const auto conversation = [&]() -> awaitable<void> {
    auto answer = co_await client->send(ask(), 1s);
    EXPECT_FALSE(answer);
    while (!provider_saw_the_end) co_await provider.changed.wait();
  };

  run(conversation());

  EXPECT_TRUE(provider_saw_the_end);
}

TEST_F(ModelProxyTest, TheEndOfTheJobCutsWhatIsUnderWay) {
  start();
  grant->begin("job-1");
  provider.answer = [&](http::Exchange& exchange) -> awaitable<void> {
    http::Response head{.status = 200, .headers = {{"content-type", "text/event-stream"}}, .body = {}};
    co_await exchange.begin_stream(std::move(head));
    co_await exchange.write(event_one);
    bool gone = false;
    async::Event closed{io.get_executor()};
    exchange.watch_close([&] {
      gone = true;
      closed.notify_all();
    });
    while (!gone) co_await closed.wait();
  };
  std::string error;
  const auto conversation = [&]() -> awaitable<void> {
    auto stream = co_await client->open(ask(), 5s);
    if (!stream) throw std::runtime_error(stream.error().message);
    auto piece = co_await stream->read(5s);
    EXPECT_TRUE(piece && *piece);
    grant->end();
    auto rest = co_await stream->read(5s);
    error = rest ? "no error" : rest.error();
  };

  run(conversation());

  EXPECT_THAT(error, HasSubstr("middle of the response"));
}

TEST_F(ModelProxyTest, ABudgetThatIsUsedUpRefusesAndTheGrantKnowsWhy) {
  start({.budgets = {.per_day = {}, .per_job = domain::Usd{domain::Usd::one / 2}}});
  grant->begin("job-1");
  ledger.now.job = domain::Usd{domain::Usd::one / 2};

  const auto response = send(ask());

  EXPECT_EQ(response.status, 402);
  EXPECT_EQ(response.headers.find("x-should-retry"), "false");
  EXPECT_THAT(response.body, HasSubstr("out of budget"));
  ASSERT_TRUE(grant->refusal());
  EXPECT_THAT(*grant->refusal(), HasSubstr("The budget of this job is used up: $0.50 of $0.50"));
  EXPECT_TRUE(provider.requests.empty());
  grant->begin("job-2");
  EXPECT_FALSE(grant->refusal());
}

TEST_F(ModelProxyTest, AnUnknownPriceIsRefusedOnlyWhereThereIsABudget) {
  start({.budgets = {.per_day = domain::Usd{domain::Usd::one}, .per_job = {}}}, std::nullopt);
  grant->begin("job-1");
  EXPECT_EQ(send(ask("unpriced")).status, 402);
  EXPECT_EQ(send(ask("mock-1")).status, 200);
}

TEST_F(ModelProxyTest, AnAnthropicSignInKeyHasATokenOfItsShape) {
  EXPECT_THAT(new_token("sk-ant-oat01-abc"), testing::StartsWith("sk-ant-oat-butler-"));
  EXPECT_THAT(new_token("sk-abc"), testing::StartsWith("butler-"));
  EXPECT_NE(new_token(""), new_token(""));
}

}  // namespace
}  // namespace butler::model_proxy::proxy_test
