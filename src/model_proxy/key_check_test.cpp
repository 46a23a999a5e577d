#include "model_proxy/key_check.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "async/task_group.hpp"
#include "http/server.hpp"

namespace butler::model_proxy::key_check_test {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

Upstream upstream_at(std::string_view base, ModelApi api) {
  return {.endpoints = {{.api = api, .base = http::Url::parse(base).value()}}, .key = "the-key"};
}

std::string header(const http::Request& request, std::string_view name) {
  return std::string{request.head.headers.find(name).value_or("")};
}

TEST(KeyCheck, EachProtocolIsAskedInItsOwnWayForWhatCostsNothing) {
  struct Case {
    std::string base;
    ModelApi api;
    std::string target;
    std::string header_name;
    std::string header_value;
  };
  const std::vector<Case> cases{
      {"https://api.openai.com/v1", ModelApi::responses, "/models", "authorization", "Bearer the-key"},
      {"https://api.groq.com/openai/v1", ModelApi::chat_completions, "/models", "authorization",
       "Bearer the-key"},
      {"https://api.mistral.ai", ModelApi::mistral, "/v1/models", "authorization", "Bearer the-key"},
      {"https://api.anthropic.com", ModelApi::messages, "/v1/models?limit=1000", "x-api-key", "the-key"},
      {"https://generativelanguage.googleapis.com/v1beta", ModelApi::generate_content,
       "/models?pageSize=1000", "x-goog-api-key", "the-key"},
      {"https://openrouter.ai/api/v1", ModelApi::chat_completions, "/key", "authorization", "Bearer the-key"},
      {"https://mine.openai.azure.com/openai/v1", ModelApi::responses, "/models", "api-key", "the-key"},
  };
  for (const auto& one : cases) {
    const auto with = key_request(upstream_at(one.base, one.api), WithKey::yes);
    EXPECT_EQ(with.head.method, "GET");
    EXPECT_EQ(with.head.target, one.target) << one.base;
    EXPECT_EQ(header(with, one.header_name), one.header_value) << one.base;
    const auto without = key_request(upstream_at(one.base, one.api), WithKey::no);
    EXPECT_EQ(without.head.target, one.target);
    for (const auto& [name, value] : without.head.headers) EXPECT_THAT(value, Not(HasSubstr("the-key")));
  }
}

TEST(KeyCheck, AnAnswerIsJudgedByWhatItProves) {
  struct Case {
    int status;
    std::string body;
    KeyVerdict verdict;
    std::string reason;
  };
  const std::vector<Case> cases{
      {200, R"({"data":[]})", KeyVerdict::accepted, ""},
      {401, R"({"error":{"message":"Incorrect key: the-key"}})", KeyVerdict::refused, "Incorrect key: …"},
      {403, "no JSON", KeyVerdict::refused, "it answered 403 Forbidden"},
      {400, R"({"error":{"message":"bad","details":[{"reason":"API_KEY_INVALID"}]}})", KeyVerdict::refused,
       "bad"},
      {400, R"({"error":"what?"})", KeyVerdict::undecided, "400 Bad Request: what?"},
      {404, "", KeyVerdict::undecided, "does not say"},
      {429, R"({"message":"slow\ndown"})", KeyVerdict::undecided, "slow down"},
      {503, "", KeyVerdict::unreachable, "in trouble"},
  };
  const auto upstream = upstream_at("https://api.example/v1", ModelApi::chat_completions);
  for (const auto& one : cases) {
    const auto report = judge_key(upstream, {.status = one.status, .body = one.body}, std::nullopt);
    EXPECT_EQ(report.verdict, one.verdict) << one.status;
    EXPECT_THAT(report.reason, HasSubstr(one.reason)) << one.status;
    EXPECT_THAT(report.reason, Not(HasSubstr("the-key")));
  }
}

TEST(KeyCheck, AListThatEverybodySeesProvesNothing) {
  const auto upstream = upstream_at("https://api.example/v1", ModelApi::chat_completions);
  const http::Response list{.status = 200, .body = R"({"data":[{"id":"m-1"}]})"};
  EXPECT_EQ(judge_key(upstream, list, list).verdict, KeyVerdict::undecided);
  EXPECT_EQ(judge_key(upstream, list, http::Response{.status = 401}).verdict, KeyVerdict::accepted);
}

TEST(KeyCheck, TheListSaysWhichModelsThereAre) {
  const auto upstream = upstream_at("https://api.example/v1", ModelApi::chat_completions);
  const auto report = judge_key(
      upstream, {.status = 200, .body = R"({"models":[{"name":"models/gemini"},{"id":"m-2"}]})"}, {});
  EXPECT_THAT(report.models, ElementsAre("gemini", "m-2"));
  EXPECT_EQ(lists_model(report, "m-2"), true);
  EXPECT_EQ(lists_model(report, "m-3"), false);
  EXPECT_EQ(lists_model({}, "m-3"), std::nullopt);
}

/// A provider that shows its list to whoever has the key.
class KeyedProvider : public http::Application {
 public:
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead&) override {
    return http::BodyLimit{0};
  }
  awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    const bool known = request.head.headers.find("authorization") == "Bearer the-key";
    http::Response answer = known ? http::json_response(200, R"({"data":[{"id":"m-1"}]})")
                                  : http::json_response(401, R"({"error":{"message":"who are you?"}})");
    co_await exchange.send(std::move(answer));
  }
};

class KeyCheckTest : public testing::Test {
 protected:
  KeyCheckTest() {
    server.listen();
    background.spawn("provider", server.run());
  }
  ~KeyCheckTest() override {
    run(server.shut_down(0ms));
    run(background.join());
  }

  KeyReport check(const std::string& key, std::uint16_t port) {
    Upstream upstream =
        upstream_at("http://127.0.0.1:" + std::to_string(port) + "/v1", ModelApi::chat_completions);
    upstream.key = key;
    KeyReport report;
    const auto task = [&]() -> awaitable<void> {
      report = co_await check_key(io.get_executor(), upstream, 5s);
    };
    run(task());
    return report;
  }

  void run(awaitable<void> task) {
    bool ended = false;
    asio::co_spawn(io, std::move(task), [&](const std::exception_ptr& fault) {
      EXPECT_FALSE(fault);
      ended = true;
    });
    io.restart();
    while (!ended) io.run_one();
  }

  asio::io_context io{1};
  KeyedProvider provider;
  http::Server server{io.get_executor(), http::ServerOptions{}, provider};
  async::TaskGroup background{io.get_executor()};
};

TEST_F(KeyCheckTest, AsksTheProviderItself) {
  EXPECT_EQ(check("the-key", server.port()).verdict, KeyVerdict::accepted);
  const auto refused = check("another", server.port());
  EXPECT_EQ(refused.verdict, KeyVerdict::refused);
  EXPECT_THAT(refused.reason, HasSubstr("who are you?"));
  EXPECT_EQ(check("", server.port()).verdict, KeyVerdict::refused);
}

TEST_F(KeyCheckTest, SaysWhenNobodyAnswers) {
  const auto report = check("the-key", 1);
  EXPECT_EQ(report.verdict, KeyVerdict::unreachable);
  EXPECT_THAT(report.reason, HasSubstr("127.0.0.1"));
}

}  // namespace
}  // namespace butler::model_proxy::key_check_test
