#include "terminal/echo_guard.hpp"

#include <unistd.h>

#include <cerrno>

#include "files/throw_errno.hpp"

namespace butler::terminal {

namespace {

/// Returns false, with errno, when it cannot be done.
bool set_terminal(int fd, int when, const termios& wanted) {
  while (::tcsetattr(fd, when, &wanted) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

}  // namespace

EchoGuard::EchoGuard(int fd) : fd_(fd) {
  if (::isatty(fd) != 1) return;
  termios before{};
  if (::tcgetattr(fd, &before) != 0) files::throw_errno("the terminal");
  termios hidden = before;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK);
  hidden.c_lflag |= ECHONL;  // the line end is shown, so that the next line starts below
  // TCSAFLUSH: what was typed before the question, and shown, is no answer to it.
  if (!set_terminal(fd, TCSAFLUSH, hidden)) files::throw_errno("the terminal");
  before_ = before;
}

EchoGuard::~EchoGuard() {
  if (before_) set_terminal(fd_, TCSANOW, *before_);
}

}  // namespace butler::terminal
