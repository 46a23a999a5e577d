#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/types.hpp"

namespace butler::console {

/// Out of a job's events, what somebody who waits for the answer sees: the answer itself on one stream, what
/// happens meanwhile on another. Pure.
///
/// An agent also writes between its tools, and only the last message is the answer. On a terminal all of it
/// is shown as it comes; elsewhere the answer comes whole at the end, and nothing else, so that it can be
/// used.
class AnswerStream {
 public:
  enum class Mode : std::uint8_t { live, at_the_end };

  explicit AnswerStream(Mode mode) : mode_(mode) {}

  struct Piece {
    std::string out = {};     ///< of the answer, printable
    std::string status = {};  ///< a line without its end; "" for none. It comes after `out`.
  };
  Piece take(const api::Event& event);

  /// What is left of the answer once the job has ended; it ends with a line feed, unless it is empty.
  std::string finish(const domain::Job& job);

 private:
  std::string show(std::string text);

  Mode mode_;
  std::string streamed_;       ///< all text that came
  std::string held_;           ///< a carriage return at the end, whose line feed may follow
  bool line_is_open_ = false;  ///< the last thing that was shown is no line's end
};

}  // namespace butler::console
