#include "mcp_host/message_filter.hpp"

#include <gmock/gmock.h>

namespace butler::mcp_host::message_filter_test {
namespace {

using testing::HasSubstr;
using testing::Not;

const ToolList only_read{.all = false, .names = {"read"}};

json::Value parsed(std::string_view text) { return json::parse(text).value(); }

std::string passed(std::string_view text) {
  const auto call = read_call(only_read, text);
  return call ? call_text(*call, call->id) : "refused: " + call.error().body;
}

TEST(McpFilter, WhatPassesIsWrittenAnewWithWhatIsKnownOfIt) {
  const struct {
    std::string sent, passes;
  } cases[] = {
      {R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"sampling":{},"roots":{}},"clientInfo":{"name":"c","version":"1","x":1},"x":1}})",
       R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"c","version":"1"}}})"},
      {R"({"jsonrpc":"2.0","method":"notifications/initialized","params":{"x":1}})",
       R"({"jsonrpc":"2.0","method":"notifications/initialized"})"},
      {R"({"jsonrpc":"2.0","id":"a","method":"ping"})", R"({"jsonrpc":"2.0","id":"a","method":"ping"})"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"c","x":1}})",
       R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"c"}})"},
      {R"({"x":1, "jsonrpc":"2.0","id":18446744073709551615,"method":"tools/call","params":{"name":"read","arguments":{"a":[1,{"b":null}]},"_meta":{"progressToken":1}}})",
       R"({"jsonrpc":"2.0","id":18446744073709551615,"method":"tools/call","params":{"name":"read","arguments":{"a":[1,{"b":null}]}}})"},
      {R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"read"}})",
       R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"read","arguments":{}}})"},
      // Of two members of one name the last counts: it is what the filter has seen, and all that goes on.
      {R"({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"write","name":"read"}})",
       R"({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"read","arguments":{}}})"},
  };
  for (const auto& [sent, passes] : cases) EXPECT_EQ(passed(sent), passes) << sent;
}

TEST(McpFilter, WhatDoesNotPassIsAnsweredHere) {
  const struct {
    std::string sent;
    int status;
    std::string body, denied;
  } cases[] = {
      {"", 400, "-32700", ""},
      {"{", 400, "-32700", ""},
      {R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", 400, "batches are not served", ""},
      {R"("ping")", 400, "-32600", ""},
      {R"({"id":1,"method":"ping"})", 400, "-32600", ""},
      {R"({"jsonrpc":"2.0","id":1,"result":{}})", 400, "-32600", ""},
      {R"({"jsonrpc":"2.0","id":1,"method":7})", 400, "-32600", ""},
      {R"({"jsonrpc":"2.0","id":{},"method":"ping"})", 400, "-32600", ""},
      {R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", 400, "-32600", ""},
      {R"({"jsonrpc":"2.0","id":null,"method":"ping"})", 400, "-32600", ""},
      {R"({"jsonrpc":"2.0","id":")" + std::string(300, 'x') + R"(","method":"ping"})", 400, "-32600", ""},
      {R"({"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///etc/passwd"}})", 200,
       "-32601", "resources/read"},
      {R"({"jsonrpc":"2.0","id":1,"method":"prompts/list"})", 200, "-32601", "prompts/list"},
      {R"({"jsonrpc":"2.0","id":1,"method":"Tools/Call"})", 200, "-32601", "Tools/Call"},
      {R"({"jsonrpc":"2.0","id":1,"method":"notifications/initialized"})", 200, "-32601",
       "notifications/initialized"},
      {R"({"jsonrpc":"2.0","method":"tools/call","params":{"name":"read"}})", 202, "", "tools/call"},
      {R"({"jsonrpc":"2.0","method":"notifications/cancelled"})", 202, "", "notifications/cancelled"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write"}})", 200, "-32601", "write"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"READ"}})", 200, "-32601", "READ"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read\u0000"}})", 200, "-32601",
       std::string{"read\0", 5}},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":[]}})", 200,
       "-32602", ""},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["read"]}})", 200, "-32602", ""},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":["read"]})", 200, "-32602", ""},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})", 200, "-32602", ""},
  };
  for (const auto& [sent, status, body, denied] : cases) {
    const auto call = read_call(only_read, sent);
    ASSERT_FALSE(call) << sent;
    EXPECT_EQ(call.error().status, status) << sent;
    EXPECT_THAT(call.error().body, HasSubstr(body)) << sent;
    EXPECT_EQ(call.error().denied, denied) << sent;
  }
}

TEST(McpFilter, ALongNameIsNotedInShort) {
  const auto call =
      read_call(only_read, R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(5000, 'm') + R"("})");
  EXPECT_EQ(call.error().denied.size(), 100U);
}

TEST(McpFilter, AllToolsPassWhenTheListSaysSo) {
  EXPECT_TRUE(read_call({.all = true},
                        R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write"}})"));
}

TEST(McpFilter, OnlyTheAnswerToTheCallIsOne) {
  const struct {
    std::string text;
    bool is_answer;
  } cases[] = {
      {R"({"jsonrpc":"2.0","id":7,"result":{}})", true},
      {R"({"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"m"}})", true},
      {R"({"jsonrpc":"2.0","id":8,"result":{}})", false},
      {R"({"jsonrpc":"2.0","id":"7","result":{}})", false},
      {R"({"jsonrpc":"2.0","result":{}})", false},
      {R"({"jsonrpc":"2.0","id":7,"result":1})", false},
      {R"({"jsonrpc":"2.0","id":7})", false},
      {R"({"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","result":{}})", false},
      {R"([{"jsonrpc":"2.0","id":7,"result":{}}])", false},
      {"no JSON", false},
      {"", false},
  };
  for (const auto& [text, is_answer] : cases) EXPECT_EQ(read_answer(text, 7).has_value(), is_answer) << text;
}

std::string filtered(Method method, std::string_view answer, const std::vector<std::string>& secrets = {}) {
  const Call call{.method = method, .id = "mine"};
  return filter_answer(call, only_read, parsed(answer).as_object(), secrets);
}

TEST(McpFilter, ToolsThatAreNotAllowedAreNotListed) {
  EXPECT_EQ(
      filtered(
          Method::list_tools,
          R"({"id":1,"result":{"tools":[{"name":"write"},{"name":"read","inputSchema":{"type":"object"}},{},7],"nextCursor":"n","x":1}})"),
      R"({"jsonrpc":"2.0","id":"mine","result":{"tools":[{"name":"read","inputSchema":{"type":"object"}}],"nextCursor":"n"}})");
  EXPECT_EQ(filtered(Method::list_tools, R"({"id":1,"result":{"tools":{"name":"write"}}})"),
            R"({"jsonrpc":"2.0","id":"mine","result":{"tools":[]}})");
}

TEST(McpFilter, OfWhatAServerCanDoOnlyToolsAreTold) {
  EXPECT_EQ(
      filtered(
          Method::initialize,
          R"({"id":1,"result":{"capabilities":{"resources":{},"tools":{"listChanged":true}},"protocolVersion":"2025-06-18"}})"),
      R"({"jsonrpc":"2.0","id":"mine","result":{"capabilities":{"tools":{}},"protocolVersion":"2025-06-18"}})");
}

TEST(McpFilter, ErrorsPass) {
  EXPECT_EQ(filtered(Method::call_tool, R"({"id":1,"error":{"code":-1,"message":"m"},"result":{}})"),
            R"({"jsonrpc":"2.0","id":"mine","error":{"code":-1,"message":"m"}})");
}

TEST(McpFilter, SecretsAreTakenOutHoweverTheyAreWritten) {
  const auto answer = filtered(
      Method::call_tool,
      R"({"id":1,"result":{"content":[{"text":"Bearer secret-key and s\u0065cret-key"}],"secret-key":{"a":"xsecret-keyx"}}})",
      {"Bearer secret-key", "secret-key"});
  EXPECT_THAT(answer, Not(HasSubstr("secret-key")));
  EXPECT_THAT(answer, HasSubstr(R"("text":"[redacted] and [redacted]")"));
  EXPECT_THAT(answer, HasSubstr(R"("[redacted]":{"a":"x[redacted]x"})"));
}

}  // namespace
}  // namespace butler::mcp_host::message_filter_test
