#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

#include "terminal/screen.hpp"

namespace butler::terminal {

/// One line that says what is going on: on a terminal each text takes the last one's place, elsewhere each
/// new text is a line of its own. The line goes at the end unless it was finished.
class Progress {
 public:
  /// @param out  outlives this; flushed after each text
  Progress(std::ostream& out, Screen screen) : out_(out), screen_(screen) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// One line of text.
  void show(std::string_view text);
  /// Takes the line away on a terminal, so that other text can be written.
  void clear();
  /// Writes the text as a line that stays.
  void finish(std::string_view text);

 private:
  std::ostream& out_;
  Screen screen_;
  std::string shown_;
};

}  // namespace butler::terminal
