#include "domain/chat_command.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <stdexcept>
#include <vector>

namespace butler::domain::chat_command_test {

namespace {

struct Case {
  std::string text;
  ChatCommand command;
  bool is_command = true;
};

std::ostream& operator<<(std::ostream& out, const Case& one) { return out << '"' << one.text << '"'; }

/// What our bot makes of a text that is not for another one.
ChatText understand(std::string_view text) {
  auto understood = parse_chat_text(text, "butler_bot");
  if (!understood) throw std::runtime_error("a command for another bot");
  return *std::move(understood);
}

class ChatCommandTest : public testing::TestWithParam<Case> {};

TEST_P(ChatCommandTest, IsUnderstood) {
  const ChatText understood = understand(GetParam().text);

  EXPECT_EQ(understood.command, GetParam().command);
  EXPECT_EQ(understood.is_command, GetParam().is_command);
}

const std::vector<Case> cases{
    {"what is new?", TaskCommand{"what is new?"}, false},
    {"  two\nlines ", TaskCommand{"two\nlines"}, false},
    {"", TaskCommand{""}, false},
    {"/", TaskCommand{"/"}, false},
    {"/etc/hosts is empty, why?", TaskCommand{"/etc/hosts is empty, why?"}, false},
    {"/run.sh does not work", TaskCommand{"/run.sh does not work"}, false},
    {"/@butler_bot", TaskCommand{"/@butler_bot"}, false},
    {"/task tidy my notes", TaskCommand{"tidy my notes"}},
    {"/task", TaskCommand{""}},
    {"/TASK Tidy", TaskCommand{"Tidy"}},
    {"/task\nfirst\n\nsecond", TaskCommand{"first\n\nsecond"}},
    {"/run ls -l | wc  -l", RunCommand{"ls -l | wc  -l"}},
    {"/run@butler_bot uptime", RunCommand{"uptime"}},
    {"/run@Butler_Bot\tuptime", RunCommand{"uptime"}},
    {"/run", RunCommand{""}},
    {"/approve", ApproveCommand{"", ""}},
    {"/approve a1b2c3", ApproveCommand{"a1b2c3", ""}},
    {"/approve a1b2c3 Session", ApproveCommand{"a1b2c3", "session"}},
    {"/approve always", ApproveCommand{"", "always"}},
    {"/approve once not", ApproveCommand{"", "once not"}},
    {"/approve a1b2c3  never ever", ApproveCommand{"a1b2c3", "never ever"}},
    {"/approve please", ApproveCommand{"please", ""}},
    {"/deny", DenyCommand{"", ""}},
    {"/deny a1b2", DenyCommand{"a1b2", ""}},
    {"/deny a1b2 Not  now", DenyCommand{"a1b2", "Not  now"}},
    {"/deny that is my folder", DenyCommand{"", "that is my folder"}},
    {"/abort", AbortCommand{""}},
    {"/stop 12", AbortCommand{"12"}},
    {"/status", StatusCommand{""}},
    {"/status ab", StatusCommand{"ab"}},
    {"/retry a1b2", RetryCommand{"a1b2"}},
    {"/jobs", JobsCommand{""}},
    {"/jobs a1b2", JobsCommand{"a1b2"}},
    {"/steer look into src  instead", SteerCommand{"look into src  instead"}},
    {"/new", NewCommand{""}},
    {"/new what is\nup?", NewCommand{"what is\nup?"}},
    {"/reset", NewCommand{""}},
    {"/topic", TopicCommand{"", ""}},
    {"/topic  Summer holidays ", TopicCommand{"Summer holidays", ""}},
    {"/topic Holidays: find\na train", TopicCommand{"Holidays", "find\na train"}},
    {"/topic Holidays\n\nfind: a train", TopicCommand{"Holidays", "find: a train"}},
    {"/topic at 12:30", TopicCommand{"at 12:30", ""}},
    {"/topic Holidays: ", TopicCommand{"Holidays:", ""}},
    {"/context", ContextCommand{}},
    {"/settings", SettingsCommand{""}},
    {"/settings mode off", SettingsCommand{"mode off"}},
    {"/panic", PanicCommand{""}},
    {"/panic ON please", PanicCommand{"on"}},
    {"/pairings", PairingsCommand{""}},
    {"/pairings Invite", PairingsCommand{"invite"}},
    {"/approvepair K7QM-2XWP", ApprovePairCommand{"K7QM-2XWP"}},
    {"/unpair 4242", UnpairCommand{"4242"}},
    {"/help", HelpCommand{}},
    {"/help me", HelpCommand{}},
    {"/start", StartCommand{""}},
    {"/start PAIR-12", StartCommand{"PAIR-12"}},
    {"/whoami", WhoamiCommand{}},
    {"/hepl", UnknownCommand{"hepl", "help"}},
    {"/hlp", UnknownCommand{"hlp", "help"}},
    {"/aprove 12", UnknownCommand{"aprove", "approve"}},
    {"/statsu", UnknownCommand{"statsu", "status"}},
    {"/appr", UnknownCommand{"appr", "approve"}},
    {"/reste", UnknownCommand{"reste", "reset"}},
    {"/weather", UnknownCommand{"weather", std::nullopt}},
};

INSTANTIATE_TEST_SUITE_P(Texts, ChatCommandTest, testing::ValuesIn(cases));

TEST(ChatCommandAddresseeTest, ACommandForAnotherBotIsNotOurs) {
  EXPECT_FALSE(parse_chat_text("/run@other_bot uptime", "butler_bot"));
}

TEST(ChatCommandAddresseeTest, ACommandThatNamesUsSaysSo) {
  EXPECT_TRUE(understand("/help@butler_bot").names_bot);
  EXPECT_FALSE(understand("/help").names_bot);
}

TEST(ChatCommandAddresseeTest, ANameOfAnyLengthIsAnsweredWithoutAGuess) {
  const ChatText understood = understand("/" + std::string(4'000, 'x'));

  EXPECT_EQ(std::get<UnknownCommand>(understood.command).nearest, std::nullopt);
}

}  // namespace

}  // namespace butler::domain::chat_command_test
