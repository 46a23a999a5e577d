#include "console/answer_stream.hpp"

#include <utility>

#include "api/event_member.hpp"
#include "console/job_text.hpp"
#include "console/printable.hpp"

namespace butler::console {

namespace {

std::string_view without_blank_end(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

}  // namespace

AnswerStream::Piece AnswerStream::take(const api::Event& event) {
  if (event.type == domain::EventType::agent_text_delta) {
    const std::string delta{api::event_member(event, "delta")};
    streamed_ += delta;
    return {.out = mode_ == Mode::live ? show(delta) : ""};
  }
  const auto words = event_words(event);
  if (!words) return {};
  const bool breaks_line = std::exchange(line_is_open_, false);
  return {.out = breaks_line ? "\n" : "", .status = *words};
}

std::string AnswerStream::finish(const domain::Job& job) {
  const std::string text = job.result_text.value_or("");
  const std::string_view answer = without_blank_end(text);
  std::string rest;
  const bool shown = mode_ == Mode::live && without_blank_end(streamed_).ends_with(answer);
  if (!shown && !answer.empty()) {
    if (line_is_open_) rest = "\n\n";
    rest += printable(answer);
    line_is_open_ = true;
  }
  if (std::exchange(line_is_open_, false)) rest += "\n";
  return rest;
}

std::string AnswerStream::show(std::string text) {
  text.insert(0, std::exchange(held_, {}));
  if (text.ends_with('\r')) {
    held_ = "\r";
    text.pop_back();
  }
  std::string shown = printable(text);
  if (!shown.empty()) line_is_open_ = !shown.ends_with('\n');
  return shown;
}

}  // namespace butler::console
