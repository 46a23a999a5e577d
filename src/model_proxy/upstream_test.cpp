#include "model_proxy/upstream.hpp"

#include <gmock/gmock.h>

namespace butler::model_proxy::upstream_test {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

std::vector<std::pair<std::string, std::string>> fields(const http::Headers& headers) {
  return {headers.begin(), headers.end()};
}

http::Url url(std::string_view text) { return http::Url::parse(text).value(); }

Upstream openrouter() {
  return {.endpoints = {{.api = ModelApi::chat_completions, .base = url("https://openrouter.ai/api/v1")},
                        {.api = ModelApi::messages, .base = url("https://openrouter.ai/api")}},
          .key = "the-real-key",
          .headers = {{"X-Team", "butler"}},
          .model = {},
          .prices = {}};
}

TEST(Route, TakesOnlyTheRequestsOfTheProvidersProtocols) {
  const auto upstream = openrouter();
  EXPECT_EQ(local_path(upstream), "/llm/openrouter.ai/api/v1");
  const auto endpoint = [&](std::string_view path) {
    const auto route = find_route(upstream, path);
    return route ? static_cast<int>(route->endpoint) : -1;
  };
  EXPECT_EQ(endpoint("/llm/openrouter.ai/api/v1/chat/completions"), 0);
  EXPECT_EQ(endpoint("/llm/openrouter.ai/api/v1/v1/messages"), 1);
  for (const char* const path :
       {"/", "", "/chat/completions", "/llm/openrouter.ai/api/v1", "/llm/openrouter.ai/api/v1/responses",
        "/llm/openrouter.ai/api/v1/chat/completions/", "/llm/openrouter.ai/api/v1/../keys",
        "/llm/openrouter.ai/api/v1//evil.example/chat/completions", "/llm/openrouter.ai/api/v1/files",
        "/llm/openrouter.ai/api/v1/chat%2fcompletions", "http://evil.example/chat/completions"}) {
    EXPECT_EQ(endpoint(path), -1) << path;
  }
}

TEST(Route, ReadsGooglesModelFromThePathAndNothingElse) {
  EXPECT_EQ(requested_model(ModelApi::generate_content, "/models/gemini-3-pro:streamGenerateContent", ""),
            "gemini-3-pro");
  for (const char* const path :
       {"/models/../files:generateContent", "/models/:generateContent", "/models/a/b:generateContent",
        "/models/gemini:countTokens", "/models/gemini", "/models/..:generateContent"}) {
    EXPECT_FALSE(is_request_path(ModelApi::generate_content, path)) << path;
  }
}

TEST(Route, ReadsTheModelFromTheBodyElsewhere) {
  EXPECT_EQ(requested_model(ModelApi::responses, "/responses", R"({"model":"gpt-6","input":[]})"), "gpt-6");
  EXPECT_EQ(requested_model(ModelApi::responses, "/responses", R"({"input":[]})"), std::nullopt);
  EXPECT_EQ(requested_model(ModelApi::responses, "/responses", "no json"), std::nullopt);
}

struct Credential {
  const char* name;
  const char* header;
  const char* value;
  const char* sent;
};

class KeyHeader : public testing::TestWithParam<Credential> {};

TEST_P(KeyHeader, HasTheKeyWhereTheTokenWas) {
  const auto& [name, header, value, sent] = GetParam();
  const http::Headers received{{header, value}};
  EXPECT_EQ(presented_token(received), "a-token");
  EXPECT_EQ(upstream_headers(received, openrouter()).find(header), sent);
}

INSTANTIATE_TEST_SUITE_P(Table, KeyHeader,
                         testing::Values(Credential{"Bearer", "authorization", "Bearer a-token",
                                                    "Bearer the-real-key"},
                                         Credential{"Anthropic", "x-api-key", "a-token", "the-real-key"},
                                         Credential{"Google", "x-goog-api-key", "a-token", "the-real-key"},
                                         Credential{"Azure", "api-key", "a-token", "the-real-key"},
                                         Credential{"Cloudflare", "cf-aig-authorization", "Bearer a-token",
                                                    "Bearer the-real-key"}),
                         [](const auto& instance) { return std::string{instance.param.name}; });

TEST(UpstreamHeaders, LeaveOutWhatIsNotTheProvidersToSee) {
  const http::Headers received{{"Host", "127.0.0.1:4000"},
                               {"Content-Type", "application/json"},
                               {"anthropic-version", "2023-06-01"},
                               {"Authorization", "Bearer a-token"},
                               {"x-api-key", "a-token"},
                               {"Cookie", "c=1"},
                               {"Connection", "close, X-Hop"},
                               {"X-Hop", "1"},
                               {"x-team", "not the agent's to choose"},
                               {"Accept-Encoding", "gzip"},
                               {"X-Forwarded-For", "10.0.0.1"},
                               {"Proxy-Authorization", "Basic x"}};
  EXPECT_THAT(
      fields(upstream_headers(received, openrouter())),
      UnorderedElementsAre(Pair("Content-Type", "application/json"), Pair("anthropic-version", "2023-06-01"),
                           Pair("authorization", "Bearer the-real-key"), Pair("X-Team", "butler"),
                           Pair("accept-encoding", "identity")));
}

TEST(DownstreamHeaders, KeepWhatTheAgentsLibraryReads) {
  const http::Headers received{{"content-type", "text/event-stream"},
                               {"transfer-encoding", "chunked"},
                               {"content-length", "5"},
                               {"set-cookie", "s=1"},
                               {"retry-after", "3"},
                               {"x-request-id", "r1"}};
  EXPECT_THAT(fields(downstream_headers(received)),
              ElementsAre(Pair("content-type", "text/event-stream"), Pair("retry-after", "3"),
                          Pair("x-request-id", "r1")));
}

}  // namespace
}  // namespace butler::model_proxy::upstream_test
