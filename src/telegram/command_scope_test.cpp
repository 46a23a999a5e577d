#include "telegram/command_scope.hpp"

#include <gtest/gtest.h>

namespace butler::telegram::command_scope_test {

namespace {

TEST(CommandScopeTest, IsWhatTheBotApiWants) {
  EXPECT_EQ(json::serialize(CommandScope::all_group_chats().as_json()), R"({"type":"all_group_chats"})");
  EXPECT_EQ(json::serialize(CommandScope::chat(42).as_json()), R"({"type":"chat","chat_id":42})");
}

TEST(CommandScopeTest, IsReadBackFromItsName) {
  for (const auto& scope : {CommandScope::all_private_chats(), CommandScope::all_group_chats(),
                            CommandScope::chat(42), CommandScope::chat(42).in("de")}) {
    EXPECT_EQ(CommandScope::read(scope.name()), scope);
  }
  EXPECT_EQ(CommandScope::chat(42).in("de").name(), "chat:42@de");
  EXPECT_EQ(CommandScope::read("chat:x"), std::nullopt);
  EXPECT_EQ(CommandScope::read("chat:x@de"), std::nullopt);
  EXPECT_EQ(CommandScope::read("chat:"), std::nullopt);
  EXPECT_EQ(CommandScope::read(""), std::nullopt);
}

}  // namespace

}  // namespace butler::telegram::command_scope_test
