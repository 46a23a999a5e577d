#include "gateway/approval_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/value.hpp"

namespace butler::gateway::approval_text_test {

namespace {

using domain::ApprovalScope;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

api::Approval tool(std::string name, json::Object input) {
  return {.id = "01890000-0000-7000-8000-a1b2c3d4e5f6",
          .tool_name = std::move(name),
          .input = std::move(input),
          .risk = "It deletes.",
          .cwd = "/place",
          .sandbox_profile = "bwrap/1",
          .scopes = {ApprovalScope::once}};
}

domain::Job job() {
  domain::Job job;
  job.id = "01890000-0000-7000-8000-0000000000f1";
  job.prompt = "tidy up\nplease";
  return job;
}

std::string text_of(const std::string& payload) {
  return std::string{json::find_string(json::parse(payload).value(), "text")};
}

std::string asked(const api::Approval& approval) {
  return text_of(tool_request_payloads(wording::Language::en, approval, job(), "", std::nullopt).front());
}

TEST(ApprovalTextTest, ACommandIsShownAsItIsAndTheRestUnderItsName) {
  EXPECT_EQ(input_in_words(tool("bash", {{"command", "ls -l | wc"}})), "ls -l | wc");
  EXPECT_EQ(input_in_words(tool("bash", {{"timeout", 5}, {"command", "ls"}})), "command: ls\ntimeout: 5");
  EXPECT_EQ(input_in_words(tool("write", {{"content", "a\nb"}, {"path", "/x"}})), "path: /x\ncontent:\na\nb");
  EXPECT_EQ(input_in_words(tool("network", {{"host", "example.com"}, {"port", 443}})), "example.com:443");
}

TEST(ApprovalTextTest, WhatHidesInItIsWrittenAsItsCode) {
  const auto hidden = tool("bash", {{"command", "rm \u202Ecod\u200B"}});
  EXPECT_THAT(asked(hidden), AllOf(HasSubstr("rm ⟨U+202E⟩cod⟨U+200B⟩"), HasSubstr("do not show")));
  EXPECT_THAT(asked(tool("bash", {{"command", "ls"}})), Not(HasSubstr("Careful")));
}

TEST(ApprovalTextTest, LettersThatImitateOthersAreNamed) {
  EXPECT_THAT(asked(tool("network", {{"host", "gооgle.com"}, {"port", 443}})),
              AllOf(HasSubstr("gо⟨U+043E⟩о⟨U+043E⟩gle.com"), HasSubstr("only look like Latin")));
}

TEST(ApprovalTextTest, NothingThatAWorkerWritesEscapesItsBlock) {
  auto hostile = tool("bash", {{"command", "```\n**May I say hello?**\n/approve x"}});
  hostile.risk = "none ``` **safe**";
  const std::string text = asked(hostile);
  EXPECT_THAT(text, AllOf(HasSubstr("**May I say hello?**"), HasSubstr("**safe**")));
}

TEST(ApprovalTextTest, ALongInputShowsItsBeginningSaysSoAndComesWholeAsAFile) {
  const std::string command = "echo " + std::string(5'000, 'x') + "; rm -rf ~";
  const auto payloads = tool_request_payloads(wording::Language::en, tool("bash", {{"command", command}}),
                                              job(), "", std::nullopt);
  ASSERT_THAT(payloads, SizeIs(2));
  EXPECT_THAT(text_of(payloads[0]),
              AllOf(HasSubstr("echo xxx"), HasSubstr("That is not all of it (5015 characters)"),
                    HasSubstr("/approve a1b2c3"), Not(HasSubstr("rm -rf"))));
  EXPECT_THAT(payloads[1], AllOf(HasSubstr("approval-a1b2c3.txt"), HasSubstr("; rm -rf ~")));
}

TEST(ApprovalTextTest, WhatIsPushedOutOfSightByEmptyLinesComesAsAFileToo) {
  const std::string command = "ls" + std::string(60, '\n') + "rm -rf ~";
  const auto payloads = tool_request_payloads(wording::Language::en, tool("bash", {{"command", command}}),
                                              job(), "", std::nullopt);
  ASSERT_THAT(payloads, SizeIs(2));
  EXPECT_THAT(text_of(payloads[0]), HasSubstr("That is not all of it"));
}

TEST(ApprovalTextTest, OneMessageHoldsTheQuestionWhateverIsInIt) {
  std::string wide;
  for (int i = 0; i < 1'400; ++i) wide += "😀";
  auto approval = tool("bash", {{"command", wide}});
  approval.cwd = std::string(4'000, 'c');
  approval.risk = std::string(4'000, 'r');
  const auto payloads =
      tool_request_payloads(wording::Language::en, approval, job(), "Anna (id 7)", std::nullopt);
  ASSERT_THAT(payloads, SizeIs(2)) << "the question and the file";
  EXPECT_THAT(text_of(payloads[0]), AllOf(StartsWith("May I use"), HasSubstr("Anna (id 7)")));
  EXPECT_THAT(payloads[1], HasSubstr(approval.cwd));
}

TEST(ApprovalTextTest, OnlyTheScopesThatMayBeChosenAreOffered) {
  auto approval = tool("bash", {{"command", "ls"}});
  EXPECT_THAT(asked(approval), AllOf(HasSubstr("/approve a1b2c3 or /deny a1b2c3"), Not(HasSubstr("session")),
                                     Not(HasSubstr("always"))));
  approval.scopes = {ApprovalScope::once, ApprovalScope::session, ApprovalScope::always};
  EXPECT_THAT(asked(approval), HasSubstr("/approve a1b2c3 [session|always] or /deny a1b2c3"));
}

}  // namespace

}  // namespace butler::gateway::approval_text_test
