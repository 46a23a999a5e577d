#include "terminal/signal_catcher.hpp"

#include <poll.h>

#include <cerrno>

#include "files/throw_errno.hpp"

namespace butler::terminal {

namespace {

volatile std::sig_atomic_t caught = 0;

void remember_signal(int signal) { caught = signal; }

}  // namespace

SignalCatcher::SignalCatcher() {
  caught = 0;
  sigset_t ours{};
  ::sigemptyset(&ours);
  for (const int signal : signals) ::sigaddset(&ours, signal);
  // Held back, and let in by ppoll() alone: none can slip in between the last look and the wait.
  if (::sigprocmask(SIG_BLOCK, &ours, &mask_before_) != 0) files::throw_errno("signals");
  struct sigaction action{};
  action.sa_handler = remember_signal;
  ::sigemptyset(&action.sa_mask);
  for (std::size_t at = 0; at < signals.size(); ++at) {
    ::sigaction(signals[at], &action, &before_[at]);
    // As with nohup(1): what was ignored stays so.
    if (before_[at].sa_handler == SIG_IGN) ::sigaction(signals[at], &before_[at], nullptr);
  }
}

SignalCatcher::~SignalCatcher() {
  for (std::size_t at = 0; at < signals.size(); ++at) ::sigaction(signals[at], &before_[at], nullptr);
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

std::optional<int> SignalCatcher::wait_for_input(int fd) {
  sigset_t open = mask_before_;
  for (const int signal : signals) ::sigdelset(&open, signal);
  pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
  while (::ppoll(&watched, 1, nullptr, &open) < 0) {
    if (errno != EINTR) files::throw_errno("the terminal");
    if (caught != 0) {
      const int signal = caught;
      caught = 0;
      return signal;
    }
  }
  return std::nullopt;
}

}  // namespace butler::terminal
