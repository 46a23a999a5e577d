#include "mcp_host/configuration.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace butler::mcp_host::configuration_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string error_of(const std::string& text) {
  const auto servers = parse_configuration(text);
  return servers ? "none" : servers.error();
}

/// A file with one server, made of these members.
std::string server(const std::string& members, const std::string& name = "notes") {
  return R"({"servers":{")" + name + R"(":{)" + members + "}}}";
}

TEST(McpConfiguration, AServerThatIsAskedOverHttpIsRead) {
  const auto servers = parse_configuration(server(
      R"("url":"https://mcp.example:8443/v1/mcp","headers":{"Authorization":"Bearer key-of-the-notes"},"tools":["read"],"timeoutSeconds":5)"));
  ASSERT_TRUE(servers) << servers.error();
  const Server& notes = *servers->at("notes");
  const auto& remote = std::get<RemoteServer>(notes.place);
  EXPECT_EQ(notes.name, "notes");
  EXPECT_EQ(remote.url.host, "mcp.example");
  EXPECT_EQ(remote.url.port, "8443");
  EXPECT_EQ(remote.url.path, "/v1/mcp");
  EXPECT_TRUE(remote.url.tls);
  EXPECT_THAT(remote.headers, ElementsAre(std::pair{"Authorization", "Bearer key-of-the-notes"}));
  EXPECT_EQ(notes.timeout, std::chrono::seconds{5});
  EXPECT_TRUE(notes.tools.allows("read"));
  EXPECT_FALSE(notes.tools.allows("write"));
}

TEST(McpConfiguration, AServerThatIsStartedHereIsRead) {
  const auto servers = parse_configuration(
      server(R"("command":["node","/opt/server.js",""],"env":{"TOKEN":"t","EMPTY":""},"tools":["*"])"));
  ASSERT_TRUE(servers) << servers.error();
  const Server& notes = *servers->at("notes");
  const auto& local = std::get<LocalServer>(notes.place);
  EXPECT_THAT(local.command, ElementsAre("node", "/opt/server.js", ""));
  EXPECT_THAT(local.environment, ElementsAre(std::pair{"EMPTY", ""}, std::pair{"TOKEN", "t"}));
  EXPECT_EQ(notes.timeout, std::chrono::seconds{120});
  EXPECT_TRUE(notes.tools.allows("anything"));
}

TEST(McpConfiguration, NoServersAreAConfigurationToo) {
  EXPECT_EQ(parse_configuration(R"({"servers":{}})").value().size(), 0U);
}

TEST(McpConfiguration, WhatIsWrongIsSaidWithItsPlace) {
  const std::string tools = R"(,"tools":["read"])";
  const struct {
    std::string text;
    std::string says;
  } cases[] = {
      {"", "JSON"},
      {"[]", "the file: expected an object"},
      {"{}", "the file: expected the member \"servers\""},
      {R"({"servers":{},"mcpServers":{}})", "the file: unknown member \"mcpServers\""},
      {R"({"servers":[]})", "servers: expected an object"},
      {R"({"servers":{"notes":1}})", "servers/notes: expected an object"},
      {server(R"("url":"https://a/mcp")" + tools, "Notes"), "servers: a name has"},
      {server(R"("url":"https://a/mcp")" + tools, "-notes"), "servers: a name has"},
      {server(R"("url":"https://a/mcp")" + tools, "../notes"), "servers: a name has"},
      {server(R"("url":"https://a/mcp")" + tools, ""), "servers: a name has"},
      {server(R"("url":"https://a/mcp")" + tools, std::string(33, 'a')), "servers: a name has"},
      {server(R"("tools":["read"])"), "servers/notes: expected either"},
      {server(R"("url":"https://a/mcp","command":["node"])" + tools), "servers/notes: expected either"},
      {server(R"("url":"https://a/mcp")"), "servers/notes/tools: expected the names"},
      {server(R"("url":"https://a/mcp","tools":[])"), "servers/notes/tools: expected the names"},
      {server(R"("url":"https://a/mcp","tools":"*")"), "servers/notes/tools: expected the names"},
      {server(R"("url":"https://a/mcp","tools":[1])"), "servers/notes/tools: expected a text"},
      {server(R"("url":"https://a/mcp","tools":["*","read"])"), "it stands alone"},
      {server(R"("url":"https://a/mcp","tools":["a\u0000"])"), "control characters"},
      {server(R"("url":"https://a/mcp","tool":["read"])" + tools), "unknown member \"tool\""},
      {server(R"("url":"https://a/mcp","env":{})" + tools), "unknown member \"env\""},
      {server(R"("command":["node"],"headers":{})" + tools), "unknown member \"headers\""},
      {server(R"("url":1)" + tools), "servers/notes/url: expected a text"},
      {server(R"("url":"ftp://a/mcp")" + tools), "servers/notes/url: expected https://"},
      {server(R"("url":"https://a/mcp?key=k")" + tools), "servers/notes/url: expected https://"},
      {server(R"("url":"https://key@a/mcp")" + tools), "servers/notes/url: expected https://"},
      {server(R"("url":"http://a/mcp")" + tools), "expected https: a secret is sent there"},
      {server(R"("url":"https://a/mcp","headers":{"a b":"c"})" + tools), "a header's name"},
      {server(R"("url":"https://a/mcp","headers":{"Host":"b"})" + tools),
       "the header Host is the worker's own"},
      {server(R"("url":"https://a/mcp","headers":{"x":"a\r\nb"})" + tools),
       "servers/notes/headers/x: control"},
      {server(R"("url":"https://a/mcp","headers":{"x":1})" + tools),
       "servers/notes/headers/x: expected a text"},
      {server(R"("command":"node")" + tools), "servers/notes/command: expected ["},
      {server(R"("command":[])" + tools), "servers/notes/command: expected ["},
      {server(R"("command":[""])" + tools), "servers/notes/command: the program has no name"},
      {server(R"("command":["a\u0000b"])" + tools), "servers/notes/command: expected texts"},
      {server(R"("command":["node"],"env":{"A=B":"c"})" + tools), "a variable's name"},
      {server(R"("command":["node"],"env":{"A":"c\u0000"})" + tools), "servers/notes/env/A: expected a text"},
      {server(R"("url":"https://a/mcp","timeoutSeconds":0)" + tools), "expected a whole number from 1"},
      {server(R"("url":"https://a/mcp","timeoutSeconds":"5")" + tools), "expected a whole number from 1"},
  };
  for (const auto& [text, says] : cases) EXPECT_THAT(error_of(text), HasSubstr(says)) << text;
}

TEST(McpConfiguration, HttpIsTakenForThisMachineOnly) {
  for (const std::string host : {"127.0.0.1:80", "localhost", "[::1]:80"}) {
    EXPECT_EQ(error_of(server(R"("url":"http://)" + host + R"(/mcp","tools":["*"])")), "none") << host;
  }
}

TEST(McpConfiguration, AnErrorShowsNoSecret) {
  EXPECT_THAT(error_of(server(R"("url":"https://a/mcp","headers":{"x":"the-secret\u0000"},"tools":["*"])")),
              Not(HasSubstr("the-secret")));
}

TEST(McpConfiguration, SecretsAreTheValuesOfHeadersAndVariables) {
  const auto remote = parse_configuration(server(
      R"("url":"https://a/mcp","headers":{"Authorization":"Bearer key-of-notes","x":"short"},"tools":["*"])"));
  EXPECT_THAT(remote->at("notes")->secrets(), ElementsAre("Bearer key-of-notes", "key-of-notes"));
  const auto local = parse_configuration(
      server(R"("command":["a"],"env":{"TOKEN":"token-of-notes","X":"1"},"tools":["*"])"));
  EXPECT_THAT(local->at("notes")->secrets(), ElementsAre("token-of-notes"));
}

}  // namespace
}  // namespace butler::mcp_host::configuration_test
