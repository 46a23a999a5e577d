#pragma once

#include <string>
#include <string_view>

#include "terminal/prompter.hpp"

namespace butler::terminal {

/// Asks over two descriptors: a terminal's, or a pipe's in automation and tests. Blocks; one thread; one
/// object at a time, because it takes signals while it waits.
///
/// Ctrl-C, SIGTERM, SIGHUP and SIGQUIT end a question as `interrupted`; Ctrl-Z stops the program and goes on
/// with the question. On every way out the terminal shows again what is typed, also on an exception.
class TerminalPrompter : public Prompter {
 public:
  /// The descriptors stay the caller's.
  TerminalPrompter(int in, int out) : in_(in), out_(out) {}

  void say(std::string_view text) override;
  Answer<std::string> ask(std::string_view question) override;
  Answer<std::string> ask_hidden(std::string_view question) override;

 private:
  enum class Echo : bool { off, on };

  Answer<std::string> ask_with(std::string_view question, Echo echo);
  /// nullopt when it was stopped by Ctrl-Z and has to ask again.
  std::optional<Answer<std::string>> read_answer(std::string_view question, Echo echo);

  int in_;
  int out_;
  std::string pending_;  ///< what was read after the last line's end
};

}  // namespace butler::terminal
