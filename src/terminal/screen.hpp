#pragma once

#include <cstddef>

namespace butler::terminal {

/// What text is written to.
struct Screen {
  bool is_terminal = false;
  std::size_t columns = 80;

  /// What the descriptor is now. A terminal that does not tell its width has 80 columns.
  static Screen of(int fd);
};

/// Whether a person can be asked: both the descriptor that is read and the one that is written to are
/// terminals.
bool is_interactive(int in, int out);

}  // namespace butler::terminal
