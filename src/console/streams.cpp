#include "console/streams.hpp"

#include <unistd.h>

#include <iostream>

#include "console/printable.hpp"

namespace butler::console {

Streams Streams::standard(bool json) {
  return {.out = std::cout,
          .status = std::cerr,
          .screen = terminal::Screen::of(STDOUT_FILENO),
          .palette = terminal::Palette::of(STDOUT_FILENO),
          .status_palette = terminal::Palette::of(STDERR_FILENO),
          .json = json};
}

void Streams::say(std::string_view line) const {
  out.flush();  // both may be one terminal
  status << status_palette.paint(line, terminal::Style::dim) << '\n';
  status.flush();
}

void Streams::write(const json::Value& value) const {
  out << printable_json(value) << '\n';
  out.flush();
}

}  // namespace butler::console
