#include "terminal/terminal_prompter.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "files/descriptor.hpp"
#include "files/whole_file.hpp"

namespace butler::terminal::terminal_prompter_test {
namespace {

/// A pipe that holds this text, and then ends.
files::Descriptor input_of(const std::string& text) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const files::Descriptor writing{ends[1]};
  files::write_all(writing.get(), text, "pipe");
  return files::Descriptor{ends[0]};
}

files::Descriptor nowhere() { return files::Descriptor{::open("/dev/null", O_WRONLY | O_CLOEXEC)}; }

TEST(TerminalPrompter, ReadsLineByLineFromAPipe) {
  const auto in = input_of(" first \r\n\nsecret\nunfinished");
  const auto out = nowhere();
  TerminalPrompter prompter{in.get(), out.get()};
  EXPECT_EQ(prompter.ask("?"), "first");
  EXPECT_EQ(prompter.ask("?"), "");
  EXPECT_EQ(prompter.ask_hidden("?"), "secret");
  EXPECT_EQ(prompter.ask("?"), "unfinished");
  EXPECT_EQ(prompter.ask("?"), std::unexpected(NoAnswer::end_of_input));
}

/// A process of its own on a terminal of its own, seen from the side of the person.
class TerminalPrompterOnATerminal : public testing::Test {
 protected:
  ~TerminalPrompterOnATerminal() override {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

  /// Asks in the child; its exit status is 0 for this answer, 3 for `interrupted`, else 4.
  void ask_hidden_in_child(const std::string& expected) {
    int terminal = -1;
    child_ = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    ASSERT_GE(child_, 0);
    if (child_ == 0) {
      TerminalPrompter prompter{STDIN_FILENO, STDOUT_FILENO};
      const auto answer = prompter.ask_hidden("Secret:");
      ::_exit(answer == expected ? 0 : answer == std::unexpected(NoAnswer::interrupted) ? 3 : 4);
    }
    terminal_ = files::Descriptor{terminal};
  }

  void type(const std::string& text) { files::write_all(terminal_.get(), text, "terminal"); }

  bool shows_what_is_typed() const {
    termios state{};
    ::tcgetattr(terminal_.get(), &state);
    return (state.c_lflag & ECHO) != 0;
  }

  /// Reads what the terminal shows until it holds the text `times` times.
  bool see(const std::string& text, int times = 1) {
    const auto count = [&] {
      int found = 0;
      for (auto at = seen_.find(text); at != std::string::npos; at = seen_.find(text, at + 1)) ++found;
      return found;
    };
    std::array<char, 256> buffer{};
    while (count() < times) {
      const auto length = ::read(terminal_.get(), buffer.data(), buffer.size());
      if (length <= 0) return false;
      seen_.append(buffer.data(), static_cast<std::size_t>(length));
    }
    return true;
  }

  int wait_for_end() {
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  pid_t child_ = 0;
  files::Descriptor terminal_;
  std::string seen_;
};

TEST_F(TerminalPrompterOnATerminal, ASecretIsNotShownAndTheTerminalIsAsBeforeAfterwards) {
  ask_hidden_in_child("hush");
  ASSERT_TRUE(see("Secret:"));
  EXPECT_FALSE(shows_what_is_typed());
  type("hush\n");
  EXPECT_EQ(wait_for_end(), 0);
  EXPECT_TRUE(shows_what_is_typed());
  see("nothing of that kind");
  EXPECT_EQ(seen_.find("hush"), std::string::npos);
}

TEST_F(TerminalPrompterOnATerminal, ControlCEndsTheQuestionAndTheTerminalIsAsBefore) {
  ask_hidden_in_child("hush");
  ASSERT_TRUE(see("Secret:"));
  EXPECT_FALSE(shows_what_is_typed());
  type("hu\x03");
  EXPECT_EQ(wait_for_end(), 3);
  EXPECT_TRUE(shows_what_is_typed());
}

TEST_F(TerminalPrompterOnATerminal, ASignalThatEndsTheProgramLeavesTheTerminalAsBefore) {
  for (const int signal : {SIGTERM, SIGHUP, SIGQUIT}) {
    ask_hidden_in_child("hush");
    ASSERT_TRUE(see("Secret:"));
    EXPECT_FALSE(shows_what_is_typed());
    ::kill(child_, signal);
    EXPECT_EQ(wait_for_end(), 3);
    EXPECT_TRUE(shows_what_is_typed());
    seen_.clear();
  }
}

TEST_F(TerminalPrompterOnATerminal, ControlZStopsTheProgramWithAUsableTerminalAndTheQuestionComesAgain) {
  ask_hidden_in_child("hush");
  ASSERT_TRUE(see("Secret:"));
  EXPECT_FALSE(shows_what_is_typed());
  ::kill(child_, SIGTSTP);
  // Its process group has no parent in its session, so the kernel does not stop it (POSIX: an orphaned
  // group): the question comes again at once.
  ASSERT_TRUE(see("Secret:", 2));
  EXPECT_FALSE(shows_what_is_typed());
  type("hush\n");
  EXPECT_EQ(wait_for_end(), 0);
  EXPECT_TRUE(shows_what_is_typed());
}

}  // namespace
}  // namespace butler::terminal::terminal_prompter_test
