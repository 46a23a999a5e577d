#include "terminal/progress.hpp"

#include <algorithm>
#include <ostream>

#include "terminal/display_width.hpp"

namespace butler::terminal {

namespace {

constexpr std::string_view to_begin_and_erase = "\r\x1b[K";

}  // namespace

Progress::~Progress() { clear(); }

void Progress::show(std::string_view text) {
  if (text == shown_) return;
  shown_ = text;
  if (screen_.is_terminal) {
    // The last column stays free: some terminals wrap as soon as it is written to.
    const std::size_t columns = std::max<std::size_t>(screen_.columns, 2) - 1;
    out_ << to_begin_and_erase << fit_to_width(text, columns) << std::flush;
  } else {
    out_ << text << '\n' << std::flush;
  }
}

void Progress::clear() {
  if (screen_.is_terminal && !shown_.empty()) out_ << to_begin_and_erase << std::flush;
  shown_.clear();
}

void Progress::finish(std::string_view text) {
  clear();
  out_ << text << '\n' << std::flush;
}

}  // namespace butler::terminal
