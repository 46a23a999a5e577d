#include "mcp_wrappers/edit.hpp"

#include <gmock/gmock.h>

namespace butler::mcp_wrappers::edit_test {
namespace {

using testing::HasSubstr;

const Texts with_more{
    .manifest =
        R"({"note": "mine", "targets": [{"name": "a", "selector": "one", "hint": 1}, {"name": "b", "selector": "one"}]})",
    .servers =
        R"({"future": true, "mcpServers": {"one": {"command": "x", "new": [1, 2]}, "two": {"url": "https://t.example"}, "three": {"command": "z"}}, "imports": []})"};

TEST(McpFiles, BeginEmptyAndRight) {
  EXPECT_EQ(empty_texts().manifest, "{\n  \"targets\": []\n}\n");
  EXPECT_EQ(empty_texts().servers, "{\n  \"mcpServers\": {},\n  \"imports\": []\n}\n");
}

TEST(McpFiles, GetAServerAndItsWrapperTogether) {
  const auto after = add_entry(empty_texts(), {.name = "fs", .selector = "fs", .emit_types = false},
                               {{"command", "node"}, {"args", json::Array{"/srv/fs.js", "/data"}}});
  ASSERT_TRUE(after) << after.error();
  EXPECT_EQ(after->manifest,
            "{\n  \"targets\": [\n    {\n      \"name\": \"fs\",\n      \"selector\": \"fs\",\n      "
            "\"emitTypes\": false\n"
            "    }\n  ]\n}\n");
  EXPECT_EQ(after->servers,
            "{\n  \"mcpServers\": {\n    \"fs\": {\n      \"command\": \"node\",\n"
            "      \"args\": [\"/srv/fs.js\",\"/data\"]\n    }\n  },\n  \"imports\": []\n}\n");
}

TEST(McpFiles, KeepWhatNobodyKnows) {
  const auto after = add_entry(with_more, {.name = "c", .selector = "c"}, {{"command", "y"}});
  ASSERT_TRUE(after) << after.error();
  EXPECT_THAT(after->manifest, testing::AllOf(HasSubstr("\"note\": \"mine\""), HasSubstr("\"hint\": 1")));
  EXPECT_THAT(after->servers, testing::AllOf(HasSubstr("\"future\": true"), HasSubstr("\"new\": [1,2]")));
}

TEST(McpFiles, AreNotChangedForWhatIsThereOrWrong) {
  EXPECT_THAT(add_entry(with_more, {.name = "a", .selector = "a"}, {{"command", "y"}}).error(),
              HasSubstr("is there already"));
  EXPECT_THAT(add_entry(with_more, {.name = "two", .selector = "two"}, {{"command", "y"}}).error(),
              HasSubstr("is there already"));
  EXPECT_THAT(add_entry(with_more, {.name = "c", .selector = "c"}, {{"comand", "y"}}).error(),
              HasSubstr("\"comand\""));
  EXPECT_THAT(add_entry(with_more, {.name = "-c", .selector = "c"}, {{"command", "y"}}).error(),
              HasSubstr("a name has"));
  EXPECT_THAT(add_entry({.manifest = "{}", .servers = "{}"}, {.name = "c", .selector = "c"}, {}).error(),
              HasSubstr("targets"));
  EXPECT_THAT(add_entry({.manifest = "{", .servers = "{}"}, {.name = "c", .selector = "c"}, {}).error(),
              HasSubstr("mcp-clis.json"));
}

TEST(McpFiles, LoseAServerWithItsLastWrapper) {
  const auto one_left = remove_entry(with_more, "a");
  ASSERT_TRUE(one_left) << one_left.error();
  EXPECT_THAT(one_left->servers, HasSubstr("\"one\"")) << "b uses it";
  const auto none_left = remove_entry(*one_left, "b");
  ASSERT_TRUE(none_left) << none_left.error();
  EXPECT_THAT(none_left->manifest, HasSubstr("\"targets\": []"));
  EXPECT_THAT(none_left->servers, testing::Not(HasSubstr("\"one\"")));
  EXPECT_LT(none_left->servers.find("\"two\""), none_left->servers.find("\"three\"")) << "the order stays";
  EXPECT_THAT(remove_entry(with_more, "z").error(), HasSubstr("no target \"z\""));
}

}  // namespace
}  // namespace butler::mcp_wrappers::edit_test
