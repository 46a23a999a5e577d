#include "console/answer_stream.hpp"

#include <gtest/gtest.h>

namespace butler::console::answer_stream_test {

namespace {

using Mode = AnswerStream::Mode;

api::Event delta(std::string_view text) {
  return {.type = domain::EventType::agent_text_delta, .data = json::Object{{"delta", text}}};
}

api::Event tool(std::string_view name, std::string_view summary) {
  return {.type = domain::EventType::tool_start,
          .data = json::Object{{"toolName", name}, {"summary", summary}}};
}

domain::Job ended(std::string text, domain::JobStatus status = domain::JobStatus::completed) {
  domain::Job job;
  job.status = status;
  job.result_text = std::move(text);
  return job;
}

TEST(AnswerStreamTest, OnATerminalTheTextComesAsItIsWritten) {
  AnswerStream answer(Mode::live);
  EXPECT_EQ(answer.take(delta("Hel")).out, "Hel");
  EXPECT_EQ(answer.take(delta("lo")).out, "lo");
  EXPECT_EQ(answer.finish(ended("Hello")), "\n") << "the answer was shown already";
}

TEST(AnswerStreamTest, AToolBeginsALineOfItsOwn) {
  AnswerStream answer(Mode::live);
  answer.take(delta("I look."));
  const auto piece = answer.take(tool("bash", "ls -la"));
  EXPECT_EQ(piece.out, "\n");
  EXPECT_EQ(piece.status, "bash: ls -la");
  EXPECT_EQ(answer.take(delta("\n\nTwo files.\n")).out, "\n\nTwo files.\n");
  EXPECT_EQ(answer.finish(ended("Two files.")), "");
}

TEST(AnswerStreamTest, ElsewhereOnlyTheAnswerComesAndWhole) {
  AnswerStream answer(Mode::at_the_end);
  EXPECT_EQ(answer.take(delta("I look.")).out, "");
  EXPECT_EQ(answer.take(tool("bash", "ls")).out, "");
  EXPECT_EQ(answer.take(delta("\n\nTwo files.")).out, "");
  EXPECT_EQ(answer.finish(ended("Two files.")), "Two files.\n");
}

TEST(AnswerStreamTest, AnAnswerThatWasNotStreamedIsShownAtTheEnd) {
  AnswerStream answer(Mode::live);
  answer.take(delta("something else"));
  EXPECT_EQ(answer.finish(ended("the answer")), "\n\nthe answer\n");
  EXPECT_EQ(AnswerStream(Mode::live).finish(ended("the answer\n\n")), "the answer\n");
  EXPECT_EQ(AnswerStream(Mode::live).finish(ended("", domain::JobStatus::failed)), "");
}

TEST(AnswerStreamTest, WhatTheAgentWritesSteersNoTerminal) {
  AnswerStream answer(Mode::live);
  EXPECT_EQ(answer.take(delta("a\x1B[2Jb")).out, "a⟨U+001B⟩[2Jb");
  EXPECT_EQ(answer.take(tool("ba\x1Bsh", "l\x1B]0;x\x07s")).status.find('\x1B'), std::string::npos);
  EXPECT_EQ(AnswerStream(Mode::at_the_end).finish(ended("\x1B[1m")), "⟨U+001B⟩[1m\n");
}

TEST(AnswerStreamTest, ALineEndThatIsCutInTwoStaysOne) {
  AnswerStream answer(Mode::live);
  EXPECT_EQ(answer.take(delta("one\r")).out, "one");
  EXPECT_EQ(answer.take(delta("\ntwo")).out, "\ntwo");
}

}  // namespace

}  // namespace butler::console::answer_stream_test
