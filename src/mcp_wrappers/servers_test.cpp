#include "mcp_wrappers/servers.hpp"

#include <gmock/gmock.h>

namespace butler::mcp_wrappers::servers_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string servers_problem(const std::string& servers, const std::string& more = R"(, "imports": [])") {
  const auto read = parse_servers("{\"mcpServers\": " + servers + more + "}");
  return read ? "" : read.error();
}

TEST(WrappedServers, ArePrograms) {
  const auto servers =
      parse_servers(R"({"mcpServers": {"fs": {"command": "node", "args": ["/srv/fs.js", "/data"],
    "env": {"TOKEN": "${FS_TOKEN:-none}", "MODE": "fast"}, "description": "files"}}, "imports": []})");
  ASSERT_TRUE(servers) << servers.error();
  const auto& server = servers->at("fs");
  EXPECT_FALSE(server.remote);
  EXPECT_THAT(server.variables, ElementsAre("FS_TOKEN"));
}

TEST(WrappedServers, OrAddresses) {
  const auto servers = parse_servers(R"({"mcpServers": {"t": {"url": "https://tickets.example/mcp",
    "headers": {"X-Key": "$env:TICKETS_KEY"}, "bearerTokenEnv": "TICKETS_TOKEN"}}, "imports": []})");
  ASSERT_TRUE(servers) << servers.error();
  EXPECT_TRUE(servers->at("t").remote);
  EXPECT_THAT(servers->at("t").variables, ElementsAre("TICKETS_KEY", "TICKETS_TOKEN"));
}

TEST(WrappedServers, AskForTheVariablesThatTheyName) {
  EXPECT_THAT(variables_in("${A} and ${B:-b}, $env:C, ${A}"), ElementsAre("A", "B", "C"));
  EXPECT_THAT(variables_in("$A ${1X} ${} $env: plain"), IsEmpty());
  const auto servers = parse_servers(
      R"({"mcpServers": {"s": {"command": "x", "args": ["${ONE}"], "env": {"HOME": "${HOME}", "P": "${PATH}"}}}, "imports": []})");
  ASSERT_TRUE(servers) << servers.error();
  EXPECT_THAT(servers->at("s").variables, ElementsAre("ONE")) << "PATH and HOME are there anyway";
}

TEST(WrappedServers, TheFileIsReadStrictly) {
  EXPECT_EQ(servers_problem("{}"), "");
  EXPECT_THAT(servers_problem("{}", ""), HasSubstr("\"imports\": []"));
  EXPECT_THAT(servers_problem("{}", R"(, "imports": ["cursor"])"), HasSubstr("\"imports\": []"));
  EXPECT_THAT(servers_problem("{}", R"(, "imports": [], "servers": {})"),
              HasSubstr("unknown member \"servers\""));
  EXPECT_THAT(servers_problem(R"({"a": {"comand": "x"}})"),
              HasSubstr("mcpServers/a: unknown member \"comand\""));
  EXPECT_THAT(servers_problem(R"({"a": {}})"), HasSubstr("either \"command\" or \"url\""));
  EXPECT_THAT(servers_problem(R"({"a": {"command": "x", "url": "https://x.example"}})"), HasSubstr("either"));
  EXPECT_THAT(servers_problem(R"({"a": {"command": "x", "args": [1]}})"), HasSubstr("mcpServers/a/args"));
  EXPECT_THAT(servers_problem(R"({"a": {"command": []}})"), HasSubstr("expected a program"));
  EXPECT_THAT(servers_problem(R"({"a": {"command": "x", "env": {"N": 1}}})"),
              HasSubstr("mcpServers/a/env/N"));
  EXPECT_THAT(servers_problem(R"({"a": {"command": "x"}} // why)"), testing::Not(IsEmpty()));
}

TEST(WrappedServers, PathsAreTheSameFromEverywhere) {
  EXPECT_EQ(servers_problem(R"({"a": {"command": "/srv/a", "cwd": "/srv"}})"), "");
  EXPECT_THAT(servers_problem(R"({"a": {"command": "./a"}})"), HasSubstr("has to be absolute"));
  EXPECT_THAT(servers_problem(R"({"a": {"command": ["bin/a", "x"]}})"), HasSubstr("has to be absolute"));
  EXPECT_THAT(servers_problem(R"({"a": {"command": "~/a"}})"), HasSubstr("has to be absolute"));
  EXPECT_THAT(servers_problem(R"({"a": {"command": "a", "cwd": "data"}})"), HasSubstr("has to be absolute"));
}

TEST(WrappedServers, MeetMcporterAloneAndAreNotKeptAlive) {
  const auto servers = parse_servers(
      R"({"mcpServers": {"playwright": {"command": "x", "lifecycle": "keep-alive"}, "other": {"command": "y"}}, "imports": []})");
  ASSERT_TRUE(servers) << servers.error();
  EXPECT_EQ(configuration_for("browser", servers->at("playwright")),
            R"({"mcpServers":{"browser":{"command":"x","lifecycle":"ephemeral"}},"imports":[]})");
}

}  // namespace
}  // namespace butler::mcp_wrappers::servers_test
