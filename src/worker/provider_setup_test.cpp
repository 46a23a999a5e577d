#include "worker/provider_setup.hpp"

#include <gmock/gmock.h>

#include "config/providers.hpp"
#include "worker/model_catalogue.hpp"
#include "worker/provider_endpoints.hpp"
#include "worker/test_support.hpp"
#include "worker/value_template.hpp"

namespace butler::worker::provider_setup_test {
namespace {

namespace fs = std::filesystem;
using model_proxy::ModelApi;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string value_of(std::string_view name) {
  if (name == "CLOUDFLARE_ACCOUNT_ID") return "account";
  if (name == "CLOUDFLARE_GATEWAY_ID") return "gateway";
  if (name == "AZURE_OPENAI_RESOURCE_NAME") return "butler";
  if (name == "MY_KEY") return "my-secret";
  return {};
}

std::string text_of(const http::Url& url) { return (url.tls ? "https://" : "http://") + url.host + url.path; }

TEST(Providers, EachHasAnAddressOrIsRefused) {
  for (const auto& provider : config::providers()) {
    const auto endpoints = provider_endpoints(provider.name, value_of);
    ASSERT_TRUE(endpoints) << provider.name << ": " << endpoints.error();
    EXPECT_EQ(endpoints->empty(), !provider.refusal.empty()) << provider.name;
  }
}

TEST(Providers, HaveTheAddressesOfThePinnedPi) {
  for (const auto& provider : config::providers()) {
    const auto files = model_data_files({testing_support::runtime_pi().string()}, std::string{provider.name});
    if (!fs::exists(testing_support::runtime_pi()))
      GTEST_SKIP() << "tools/setup/runtime.sh makes the runtime";
    if (!provider.refusal.empty() || provider.name == "azure-openai-responses") continue;
    const auto endpoints = provider_endpoints(provider.name, value_of).value();
    const auto data = json::parse(testing_support::file_content(files.front()));
    ASSERT_TRUE(data) << files.front();
    for (const auto& api : data->as_object()) {
      const auto known = model_proxy::parse_model_api(api.key());
      ASSERT_TRUE(known) << provider.name << " " << api.key();
      const auto endpoint = std::ranges::find(endpoints, *known, &model_proxy::Endpoint::api);
      ASSERT_NE(endpoint, endpoints.end()) << provider.name << " " << api.key();
      const auto& first = api.value().as_object().begin()->value();
      std::string address{json::find_string(first, "baseUrl")};
      for (const auto& [name, value] : {std::pair{"{CLOUDFLARE_ACCOUNT_ID}", "account"},
                                        std::pair{"{CLOUDFLARE_GATEWAY_ID}", "gateway"}}) {
        if (const auto at = address.find(name); at != std::string::npos) {
          address.replace(at, std::string_view{name}.size(), value);
        }
      }
      EXPECT_EQ(text_of(endpoint->base), address) << provider.name << " " << api.key();
    }
  }
}

TEST(Providers, OfAzureAndCloudflareNeedTheirVariables) {
  const auto nothing = [](std::string_view) { return std::string{}; };
  EXPECT_THAT(provider_endpoints("azure-openai-responses", nothing).error(),
              HasSubstr("AZURE_OPENAI_BASE_URL"));
  EXPECT_THAT(provider_endpoints("cloudflare-workers-ai", nothing).error(),
              HasSubstr("CLOUDFLARE_ACCOUNT_ID"));
  EXPECT_EQ(text_of(provider_endpoints("azure-openai-responses", value_of)->front().base),
            "https://butler.openai.azure.com/openai/v1");
}

TEST(ValueTemplate, IsResolvedAsPiDoes) {
  EXPECT_EQ(resolve_value("literal", value_of), "literal");
  EXPECT_EQ(resolve_value("$MY_KEY", value_of), "my-secret");
  EXPECT_EQ(resolve_value("Bearer ${MY_KEY}!", value_of), "Bearer my-secret!");
  EXPECT_EQ(resolve_value("$$MY_KEY $!x $ $1 ${", value_of), "$MY_KEY !x $ $1 ${");
  EXPECT_THAT(resolve_value("$NO_KEY", value_of).error(), HasSubstr("NO_KEY is not set"));
  EXPECT_THAT(resolve_value("!cat key", value_of).error(), HasSubstr("command"));
}

class ProviderSetupTest : public testing::Test {
 protected:
  ProviderSetupTest() {
    settings.provider = "mock";
    settings.model = "mock-1";
    settings.provider_keys["MOCK_API_KEY"] = config::Secret{"the-real-key"};
    files.models_json = testing_support::models_json("http://127.0.0.1:9/v1");
  }

  ProviderSetup set_up() { return set_up_provider(settings, files).value(); }
  std::string fault() {
    const auto setup = set_up_provider(settings, files);
    return setup ? "" : setup.error();
  }
  std::string agents_file(const ProviderSetup& setup) {
    return agent_models_json(setup, settings.provider, "http://127.0.0.1:4000/x", "a-token");
  }

  config::WorkerSettings settings;
  ProviderFiles files;
};

TEST_F(ProviderSetupTest, TheKeyStaysWithTheProxyAndTheAgentGetsAToken) {
  const auto setup = set_up();
  EXPECT_EQ(setup.upstream.key, "the-real-key");
  EXPECT_EQ(text_of(setup.upstream.endpoints.front().base), "http://127.0.0.1/v1");
  EXPECT_EQ(setup.upstream.model, "mock-1");
  EXPECT_TRUE(setup.upstream.prices.contains("mock-1"));
  EXPECT_THAT(agents_file(setup), AllOf(HasSubstr("a-token"), HasSubstr("http://127.0.0.1:4000/x"),
                                        HasSubstr("mock-1"), Not(HasSubstr("MOCK_API_KEY")),
                                        Not(HasSubstr("the-real-key")), Not(HasSubstr("127.0.0.1:9"))));
}

TEST_F(ProviderSetupTest, HeadersAndOtherProvidersAreKeptFromTheAgent) {
  files.models_json =
      R"({"providers":{"other":{"apiKey":"other-secret"},"mock":{"baseUrl":"https://x.example/v1",
    "api":"openai-completions","apiKey":"literal-secret","headers":{"X-Team":"${MOCK_API_KEY}"},
    "models":[{"id":"mock-1"}]}}})";
  const auto setup = set_up();
  EXPECT_EQ(setup.upstream.key, "literal-secret");
  EXPECT_THAT(setup.upstream.headers, testing::ElementsAre(testing::Pair("X-Team", "the-real-key")));
  EXPECT_THAT(agents_file(setup),
              AllOf(Not(HasSubstr("secret")), Not(HasSubstr("X-Team")), Not(HasSubstr("the-real-key"))));
  EXPECT_FALSE(setup.upstream.prices.contains("mock-1"));
}

TEST_F(ProviderSetupTest, ABuiltInProviderNeedsNoFile) {
  settings.provider = "anthropic";
  settings.model = "claude-x:high";
  settings.provider_keys["ANTHROPIC_API_KEY"] = config::Secret{"the-real-key"};
  files = {
      .models_json = {}, .auth_json = {}, .model_data = R"({"anthropic-messages":{"claude-x":{"id":"claude-x",
    "cost":{"input":10,"output":50,"cacheRead":1,"cacheWrite":12.5}}}})"};
  const auto setup = set_up();
  EXPECT_EQ(setup.upstream.endpoints.front().api, ModelApi::messages);
  EXPECT_EQ(setup.upstream.model, "claude-x");
  EXPECT_EQ(setup.upstream.prices.at("claude-x").rates.output, 50);
  EXPECT_EQ(agents_file(setup),
            R"({"providers":{"anthropic":{"baseUrl":"http://127.0.0.1:4000/x","apiKey":"a-token"}}})");
}

TEST_F(ProviderSetupTest, APatternForTheModelPinsNothing) {
  settings.model = "mock*";
  EXPECT_EQ(set_up().upstream.model, std::nullopt);
  settings.model = "mock/mock-1";
  EXPECT_EQ(set_up().upstream.model, "mock-1");
}

TEST_F(ProviderSetupTest, WithoutAKeyTheAgentHasNoneEither) {
  settings.provider = "openai";
  files.models_json.reset();
  const auto setup = set_up();
  EXPECT_THAT(setup.upstream.key, IsEmpty());
  EXPECT_THAT(agents_file(setup), Not(HasSubstr("apiKey")));
}

TEST_F(ProviderSetupTest, AKeyThatPiWasGivenByHandIsTakenAndASignInIsRefused) {
  files.auth_json = R"({"mock":{"type":"api_key","key":"by-hand"}})";
  EXPECT_EQ(set_up().upstream.key, "by-hand");
  files.auth_json = R"({"mock":{"type":"oauth","refresh":"r"}})";
  EXPECT_THAT(fault(), AllOf(HasSubstr("sign-in"), HasSubstr("API key")));
  files.auth_json = R"({"other":{"type":"oauth"}})";
  EXPECT_EQ(fault(), "");
}

struct Wrong {
  const char* name;
  const char* entry;
  const char* says;
};

class WrongModelsJson : public ProviderSetupTest, public testing::WithParamInterface<Wrong> {};

TEST_P(WrongModelsJson, IsRefusedInWords) {
  files.models_json = std::string{R"({"providers":{"mock":)"} + GetParam().entry + "}}";
  EXPECT_THAT(fault(), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Table, WrongModelsJson,
    testing::Values(
        Wrong{"NoJson", "{", "cannot be read"}, Wrong{"NoAddress", "{}", "no baseUrl"},
        Wrong{"NoApi", R"({"baseUrl":"http://x.example"})", "names no api"},
        Wrong{"AnotherApi", R"({"baseUrl":"http://x.example","api":"bedrock-converse-stream"})",
              "does not speak"},
        Wrong{"NoUrl", R"({"baseUrl":"ftp://x","api":"openai-completions"})", "no http(s) address"},
        Wrong{"ACommand", R"({"baseUrl":"http://x.example","api":"openai-completions","apiKey":"!cat key"})",
              "command"},
        Wrong{"AnUnsetVariable",
              R"({"baseUrl":"http://x.example","api":"openai-completions","apiKey":"$NO_KEY"})",
              "NO_KEY is not set"},
        Wrong{
            "AnAddressOfAModel",
            R"({"baseUrl":"http://x.example","api":"openai-completions","models":[{"id":"m","baseUrl":"http://y"}]})",
            "baseUrl of its own"},
        Wrong{
            "HeadersOfAModel",
            R"({"baseUrl":"http://x.example","api":"openai-completions","modelOverrides":{"m":{"headers":{}}}})",
            "headers of its own"},
        Wrong{
            "ABadCost",
            R"({"baseUrl":"http://x.example","api":"openai-completions","models":[{"id":"m","cost":{"input":1}}]})",
            "cost that is none"}),
    [](const auto& instance) { return std::string{instance.param.name}; });

TEST(ModelCatalogue, AModelOfTheUsersReplacesPisAndAnOverrideChangesARate) {
  const std::string_view data = R"({"a":{"one":{"cost":{"input":1,"output":1,"cacheRead":1,"cacheWrite":1}},
    "two":{"cost":{"input":2,"output":2,"cacheRead":2,"cacheWrite":2}}}})";
  const auto entry =
      json::parse(R"({"models":[{"id":"one"}],"modelOverrides":{"two":{"cost":{"output":9}}}})");
  auto catalogue = read_catalogue(data, entry->as_object()).value();
  EXPECT_FALSE(catalogue.prices.contains("one"));
  EXPECT_EQ(catalogue.prices.at("two").rates, (model_proxy::Rates{2, 9, 2, 2}));
  catalogue.rename("two=deployment");
  EXPECT_TRUE(catalogue.prices.contains("deployment"));
  EXPECT_EQ(catalogue.pinned("azure", "two"), std::nullopt);
}

TEST(ModelCatalogue, AModelTakesPicturesWhenItsInputSaysSo) {
  const std::string_view data = R"({"a":{"seeing":{"input":["text","image"]},"blind":{"input":["text"]},
    "replaced":{"input":["text","image"]},"changed":{"input":["text"]},"silent":{}}})";
  const auto entry =
      json::parse(R"({"models":[{"id":"replaced"},{"id":"mine","input":["text","image"]}],)"
                  R"("modelOverrides":{"changed":{"input":["text","image"]},"seeing":{"contextWindow":1}}})");
  const auto catalogue = read_catalogue(data, entry->as_object()).value();
  EXPECT_THAT(catalogue.seeing, testing::ElementsAre("changed", "mine", "seeing"));
}

}  // namespace
}  // namespace butler::worker::provider_setup_test
