#include "vm/message.hpp"

#include <gtest/gtest.h>

namespace butler::vm::message_test {
namespace {

template <class Request>
Message on_the_wire(const Request& request) {
  return decode_message(encode(request)).value_or(Message{});
}

TEST(MessageTest, RequestsComeBackAsTheyWereSent) {
  const PrepareRequest prepare{
      .seed = std::string(128, 'a'), .unix_milliseconds = 1'700'000'000'123, .workspace = "/workspace"};
  EXPECT_EQ(read_prepare(on_the_wire(prepare)), prepare);

  RunRequest run{.id = "1", .arguments = {"sh", "-c", "echo a=b\n\xFF", ""}, .environment = {"A=1", "B==2"}};
  run.working_directory = "/workspace";
  run.as_root = true;
  run.terminal = TerminalSize{.rows = 50, .columns = 132};
  EXPECT_EQ(read_run(on_the_wire(run)), run);
  run.terminal.reset();
  run.as_root = false;
  EXPECT_EQ(read_run(on_the_wire(run)), run);

  EXPECT_EQ(read_errors(on_the_wire(ErrorsRequest{.id = "1"})), ErrorsRequest{.id = "1"});
  EXPECT_EQ(read_signal(on_the_wire(SignalNote{.number = 15})), SignalNote{.number = 15});
  EXPECT_EQ(read_answer(on_the_wire(Answer{})), Answer{});
  EXPECT_EQ(read_answer(on_the_wire(Answer{.error = "no"})), Answer{.error = "no"});
}

TEST(MessageTest, AnEndIsExactlyOneOfCodeSignalAndError) {
  for (const CommandEnd& end :
       {CommandEnd{.code = 3}, CommandEnd{.signal = 9}, CommandEnd{.error = "no such file"}}) {
    EXPECT_EQ(read_command_end(on_the_wire(end)), end);
  }
  EXPECT_EQ(read_command_end({}), std::nullopt);
  EXPECT_EQ(read_command_end(on_the_wire(CommandEnd{.code = 1, .signal = 9})), std::nullopt);
  EXPECT_EQ(read_command_end({{"code", "256"}}), std::nullopt);
  EXPECT_EQ(read_command_end({{"signal", "0"}}), std::nullopt);
}

TEST(MessageTest, WhatIsIncompleteIsNoRequest) {
  EXPECT_EQ(read_run({{"id", "1"}, {"directory", "/"}}), std::nullopt) << "no arguments";
  EXPECT_EQ(read_run({{"argument", "ls"}, {"directory", "/"}}), std::nullopt) << "no id";
  EXPECT_EQ(read_run({{"id", "1"}, {"argument", "ls"}, {"directory", "x"}}), std::nullopt)
      << "a relative folder";
  EXPECT_EQ(read_run({{"id", "1"}, {"argument", "ls"}, {"directory", "/"}, {"rows", "0"}}), std::nullopt);
  EXPECT_EQ(read_prepare({{"seed", "ab"}, {"time", "1"}, {"workspace", "/w"}}), std::nullopt)
      << "a short seed";
  EXPECT_EQ(read_signal({{"signal", "65"}}), std::nullopt);
}

TEST(MessageTest, BytesThatAreNoMessageAreRefused) {
  for (const std::string& bytes :
       {std::string("kind=run"), std::string("kind\0", 5), std::string("kind\0a=b\0", 9)}) {
    EXPECT_EQ(decode_message(bytes), std::nullopt) << bytes;
  }
  std::string many;
  for (int i = 0; i < 16'385; ++i) many += std::string("a=\0", 3);
  EXPECT_EQ(decode_message(many), std::nullopt);
  EXPECT_EQ(decode_message(""), Message{});
}

}  // namespace
}  // namespace butler::vm::message_test
