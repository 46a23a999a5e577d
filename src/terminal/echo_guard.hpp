#pragma once

#include <termios.h>

#include <optional>

namespace butler::terminal {

/// While it lives, a terminal does not show what is typed. Nothing for what is no terminal.
class EchoGuard {
 public:
  /// Throws std::system_error when the terminal cannot be told: a secret must not be shown.
  explicit EchoGuard(int fd);
  EchoGuard(const EchoGuard&) = delete;
  EchoGuard& operator=(const EchoGuard&) = delete;
  ~EchoGuard();

 private:
  int fd_;
  std::optional<termios> before_;
};

}  // namespace butler::terminal
