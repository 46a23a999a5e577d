#include "worker/service_token.hpp"

#include <gmock/gmock.h>

#include <array>

namespace butler::worker::service_token_test {
namespace {

std::string token_in(const ServiceToken& token) {
  for (const auto& variable : token.way_out(7)) {
    if (variable.starts_with("BUTLER_MCP_URL=")) return variable.substr(variable.rfind('/') + 1);
  }
  return {};
}

TEST(ServiceToken, IsPartOfTheAddressesThatProgramsAreTold) {
  const ServiceToken token;
  const auto text = token_in(token);
  EXPECT_EQ(text.size(), 64U);
  EXPECT_THAT(token.way_out(7), testing::IsSupersetOf({"HTTPS_PROXY=http://job:" + text + "@127.0.0.1:7",
                                                       "http_proxy=http://job:" + text + "@127.0.0.1:7",
                                                       "BUTLER_MCP_URL=http://127.0.0.1:7/mcp/" + text,
                                                       std::string{"NO_PROXY=127.0.0.1,localhost,::1"}}));
  EXPECT_NE(token_in(ServiceToken{}), text);
}

TEST(ServiceToken, IsTakenFromPathsOfMcpServersAndNothingElse) {
  const ServiceToken token;
  const auto text = token_in(token);
  const auto target = [&](std::string path) {
    return token.mcp_target({.method = "POST", .target = std::move(path)});
  };
  EXPECT_EQ(target("/mcp/" + text + "/notes"), "/mcp/notes");
  EXPECT_EQ(target("/mcp/" + text + "/notes?a=b"), "/mcp/notes?a=b");
  for (const auto& path :
       std::array<std::string, 5>{"/mcp/notes", "/mcp/", "/mcp/" + text, "/mcp/" + text + "0/notes",
                                  "/mcp/" + token_in(ServiceToken{}) + "/notes"}) {
    EXPECT_EQ(target(path), std::nullopt) << path;
  }
}

TEST(ServiceToken, OnlyTheBasicSchemeWithThisPasswordIsAccepted) {
  const ServiceToken token;
  const auto accepted = [&](http::Headers headers) {
    return token.is_in_proxy_authorization(
        {.method = "CONNECT", .target = "a:443", .headers = std::move(headers)});
  };
  EXPECT_FALSE(accepted({}));
  EXPECT_FALSE(accepted({{"proxy-authorization", ""}}));
  EXPECT_FALSE(accepted({{"proxy-authorization", "Basic "}}));
  EXPECT_FALSE(accepted({{"proxy-authorization", "Basic am9iOg=="}}));  // job:
  EXPECT_FALSE(accepted({{"proxy-authorization", "Bearer " + token_in(token)}}));
}

}  // namespace
}  // namespace butler::worker::service_token_test
