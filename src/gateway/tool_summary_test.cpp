#include "gateway/tool_summary.hpp"

#include <gtest/gtest.h>

namespace butler::gateway::tool_summary_test {

namespace {

api::Event tool(const std::string& name, domain::EventType type = domain::EventType::tool_start) {
  return {.type = type, .message = "rm secret.txt", .data = json::Object{{"toolName", name}}};
}

TEST(ToolSummaryTest, EachToolIsNamedOnceWithHowOften) {
  EXPECT_EQ(tool_summary(wording::Language::en, {tool("bash"), tool("read"), tool("bash")}), "bash ×2, read");
}

TEST(ToolSummaryTest, OnlyStartsCountAndNothingElseIsShown) {
  EXPECT_EQ(tool_summary(wording::Language::en,
                         {tool("bash", domain::EventType::tool_end), tool("x", domain::EventType::log)}),
            "");
  EXPECT_EQ(tool_summary(wording::Language::en, {{.type = domain::EventType::tool_start}}), "a tool");
}

TEST(ToolSummaryTest, ManyToolsAndLongNamesAreCut) {
  std::vector<api::Event> many;
  for (int i = 0; i < 20; ++i) many.push_back(tool("tool" + std::to_string(i)));
  EXPECT_TRUE(tool_summary(wording::Language::en, many).ends_with("tool7, …"));
  EXPECT_LT(tool_summary(wording::Language::en, {tool(std::string(5'000, 'x'))}).size(), 60U);
}

}  // namespace

}  // namespace butler::gateway::tool_summary_test
