#pragma once

#include <array>
#include <csignal>
#include <cstddef>
#include <optional>

namespace butler::terminal {

/// While it lives, the signals of a terminal (SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP) are held back but
/// while somebody waits for input, and are remembered instead of ending or stopping the program. One at a
/// time: it lives in the process's signal handlers.
class SignalCatcher {
 public:
  SignalCatcher();
  SignalCatcher(const SignalCatcher&) = delete;
  SignalCatcher& operator=(const SignalCatcher&) = delete;
  ~SignalCatcher();

  /// Waits until the descriptor can be read, has ended, or a signal has come: then it is the signal.
  std::optional<int> wait_for_input(int fd);

 private:
  static constexpr std::array signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

  std::array<struct sigaction, signals.size()> before_{};
  sigset_t mask_before_{};
};

}  // namespace butler::terminal
