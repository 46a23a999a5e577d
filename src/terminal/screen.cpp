#include "terminal/screen.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace butler::terminal {

Screen Screen::of(int fd) {
  Screen screen{.is_terminal = ::isatty(fd) == 1};
  winsize size{};
  if (screen.is_terminal && ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    screen.columns = size.ws_col;
  return screen;
}

bool is_interactive(int in, int out) { return ::isatty(in) == 1 && ::isatty(out) == 1; }

}  // namespace butler::terminal
