#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "terminal/prompter.hpp"

namespace butler::terminal {

/// For tests: answers from a list, and keeps what was said and asked. When the list is used up, the input has
/// ended.
class FakePrompter : public Prompter {
 public:
  explicit FakePrompter(std::vector<std::string> answers)
      : answers_(std::make_move_iterator(answers.begin()), std::make_move_iterator(answers.end())) {}

  void say(std::string_view text) override { transcript += std::string{text} + "\n"; }
  Answer<std::string> ask(std::string_view question) override { return next(question, "? "); }
  Answer<std::string> ask_hidden(std::string_view question) override { return next(question, "# "); }

  /// What a person would see; a question begins with "? ", one whose answer is hidden with "# ".
  std::string transcript;

 private:
  Answer<std::string> next(std::string_view question, const char* mark) {
    transcript += mark + std::string{question} + "\n";
    if (answers_.empty()) return std::unexpected(NoAnswer::end_of_input);
    std::string answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

  std::deque<std::string> answers_;
};

}  // namespace butler::terminal
