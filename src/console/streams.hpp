#pragma once

#include <iosfwd>
#include <string_view>

#include "json/value.hpp"
#include "terminal/screen.hpp"
#include "terminal/style.hpp"

namespace butler::console {

/// Where a command writes: what was asked for on one stream, what happens meanwhile on the other.
struct Streams {
  std::ostream& out;
  std::ostream& status;
  terminal::Screen screen = {};           ///< what `out` is
  terminal::Palette palette = {};         ///< for `out`
  terminal::Palette status_palette = {};  ///< for `status`
  bool json = false;

  /// The process's own.
  static Streams standard(bool json);

  /// Columns that a line on `out` should fit in; 0 for any.
  std::size_t columns() const { return screen.is_terminal ? screen.columns : 0; }
  /// A line about what happens, flushed.
  void say(std::string_view line) const;
  /// A line of JSON on `out`, flushed.
  void write(const json::Value& value) const;
};

}  // namespace butler::console
