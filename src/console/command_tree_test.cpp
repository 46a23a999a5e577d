#include "console/command_tree.hpp"

#include <gmock/gmock.h>

#include "console/journal.hpp"
#include "unit/temp_folder.hpp"

namespace butler::console::command_tree_test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

CommandNode sample_program() {
  const OptionNode scope{
      .names = {"--scope"}, .meaning = "How far it's meant.", .value = "TEXT", .choices = {"once", "always"}};
  const OptionNode follow{.names = {"-f", "--follow"}, .meaning = "Go on."};
  const OptionNode id{.meaning = "The job's id.", .value = "id", .required = true};
  return {
      .name = "butler",
      .meaning = "An agent.\n.Hidden request",
      .commands = {
          {.name = "job",
           .meaning = "One job.",
           .commands = {{.name = "approve", .meaning = "Let it run.", .options = {scope}, .arguments = {id}},
                        {.name = "logs", .meaning = "What happened.", .options = {follow}}}}}};
}

TEST(CompletionTest, EachShellKnowsCommandsOptionsAndChoices) {
  for (const auto shell : {Shell::bash, Shell::zsh, Shell::fish}) {
    const auto script = completion_script(sample_program(), shell);
    for (const char* const word : {"job", "approve", "scope", "once", "always", "follow"}) {
      EXPECT_THAT(script, HasSubstr(word));
    }
    EXPECT_EQ(script.find("Of many"), std::string::npos) << "a list has one line for each";
  }
}

TEST(ManualPageTest, TextIsNeitherRequestNorEscape) {
  const auto page = manual_page(sample_program(), "1.2-rc");
  EXPECT_THAT(page, HasSubstr("\n\\&.Hidden request"));
  EXPECT_THAT(page, HasSubstr(R"(.SS \fBbutler job approve\fR \fIid\fR)"));
  EXPECT_THAT(page, HasSubstr(R"(\fB\-f\fR, \fB\-\-follow\fR)"));
  EXPECT_THAT(page, HasSubstr("EXIT STATUS"));
}

TEST(JournalTest, TheJournalIsAskedForButlersUnits) {
  EXPECT_THAT(journal_command({.lines = 20, .follow = true}),
              ElementsAre("journalctl", "--unit=butler*", "--lines=20", "--output=short-iso", "--follow"));
  EXPECT_THAT(journal_command({.role = "worker", .lines = 5, .json = true}),
              ElementsAre("journalctl", "--unit=butler-worker", "--lines=5", "--output=json"));
}

}  // namespace

}  // namespace butler::console::command_tree_test
