#include "terminal/terminal_prompter.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

#include "files/throw_errno.hpp"
#include "files/whole_file.hpp"
#include "terminal/echo_guard.hpp"
#include "terminal/signal_catcher.hpp"

namespace butler::terminal {

namespace {

constexpr std::size_t longest_line = 65'536;

std::string without_blanks_at_ends(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return "";
  return std::string{text.substr(first, text.find_last_not_of(blanks) - first + 1)};
}

/// Appends what has come; false at the end of the input.
bool read_more(int fd, std::string& text) {
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  do count = ::read(fd, buffer.data(), buffer.size());
  while (count < 0 && errno == EINTR);
  // A terminal that has gone away (EIO) is the end of its input.
  if (count < 0 && errno != EIO) files::throw_errno("the input");
  if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

}  // namespace

void TerminalPrompter::say(std::string_view text) {
  files::write_all(out_, std::string{text} + "\n", "the terminal");
}

Answer<std::string> TerminalPrompter::ask(std::string_view question) { return ask_with(question, Echo::on); }

Answer<std::string> TerminalPrompter::ask_hidden(std::string_view question) {
  return ask_with(question, Echo::off);
}

Answer<std::string> TerminalPrompter::ask_with(std::string_view question, Echo echo) {
  while (true) {
    if (auto answer = read_answer(question, echo)) return *answer;
    // Out here the terminal and the signals are as they were: this stops the program until `fg`.
    ::raise(SIGTSTP);
  }
}

std::optional<Answer<std::string>> TerminalPrompter::read_answer(std::string_view question, Echo echo) {
  SignalCatcher signals;
  std::optional<EchoGuard> guard;
  if (echo == Echo::off) guard.emplace(in_);
  // Only now: whoever answers as soon as they see it types into a terminal that hides.
  files::write_all(out_, std::string{question} + " ", "the terminal");
  while (true) {
    if (const auto end = pending_.find('\n'); end != std::string::npos) {
      std::string line = without_blanks_at_ends(std::string_view{pending_}.substr(0, end));
      pending_.erase(0, end + 1);
      return line;
    }
    if (pending_.size() > longest_line) throw std::runtime_error("the input: a line of more than 64 KiB");
    if (const auto signal = signals.wait_for_input(in_)) {
      if (*signal == SIGTSTP) return std::nullopt;
      files::write_all(out_, "\n", "the terminal");
      return std::unexpected(NoAnswer::interrupted);
    }
    if (!read_more(in_, pending_)) {
      if (pending_.empty()) return std::unexpected(NoAnswer::end_of_input);
      pending_ += '\n';
    }
  }
}

}  // namespace butler::terminal
