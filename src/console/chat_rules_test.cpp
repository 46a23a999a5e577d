#include "console/chat_rules.hpp"

#include <gmock/gmock.h>

namespace butler::console::chat_rules_test {

namespace {

using testing::HasSubstr;

template <class T>
bool means(std::string_view line) {
  const auto read = read_chat_line(line);
  const auto* const command = read ? std::get_if<domain::ChatCommand>(&*read) : nullptr;
  return command != nullptr && std::holds_alternative<T>(*command);
}

WaitingCall waiting(std::string id) {
  WaitingCall call;
  call.approval.id = std::move(id);
  return call;
}

TEST(ChatRulesTest, PlainTextIsATaskAndCommandsAreThoseOfTheChat) {
  EXPECT_TRUE(means<domain::TaskCommand>("buy milk"));
  EXPECT_TRUE(means<domain::TaskCommand>("/etc/hosts is empty"));
  EXPECT_TRUE(means<domain::NewCommand>("/new"));
  EXPECT_TRUE(means<domain::AbortCommand>("/stop"));
  EXPECT_TRUE(means<domain::SteerCommand>("/steer to the left"));
  EXPECT_TRUE(means<domain::ApproveCommand>("/approve 7f3a2c session"));
  EXPECT_TRUE(means<domain::HelpCommand>("/help"));
  EXPECT_FALSE(read_chat_line(" \t"));
}

TEST(ChatRulesTest, QuitAndExitLeave) {
  for (const char* const line : {"/quit", "/exit", "/QUIT", "/q"}) {
    const auto read = read_chat_line(line);
    EXPECT_TRUE(read && std::holds_alternative<Leave>(*read)) << line;
  }
}

TEST(ChatRulesTest, WhatHasItsOwnCommandIsSaidToBeThere) {
  const auto read = read_chat_line("/panic on");
  ASSERT_TRUE(read && std::holds_alternative<Elsewhere>(*read));
  EXPECT_THAT(std::get<Elsewhere>(*read).advice, HasSubstr("butler panic"));
  EXPECT_TRUE(std::holds_alternative<Elsewhere>(*read_chat_line("/run ls")));
}

TEST(ChatRulesTest, ADecisionWithoutAnIdMeansTheOnlyCallThatWasShown) {
  const std::vector one{waiting("01990000-0000-7000-8000-7f3a2caaaaaa")};
  const std::vector two{one.front(), waiting("01990000-0000-7000-8000-58d8a5aaaaaa")};
  EXPECT_EQ(call_meant(one, "").value().approval.id, one.front().approval.id);
  EXPECT_EQ(call_meant(two, "58d").value().approval.id, two.back().approval.id);
  EXPECT_THAT(call_meant(two, "").error(), HasSubstr("Which one?"));
  EXPECT_THAT(call_meant(two, "aaa").error(), HasSubstr("Nothing here has that id"));
  EXPECT_THAT(call_meant({}, "").error(), HasSubstr("Nothing waits"));
}

}  // namespace

}  // namespace butler::console::chat_rules_test
