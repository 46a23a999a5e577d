#pragma once

#include <span>
#include <string_view>

namespace butler::domain {

/// A text file compiled into the program (migrations, the agent's extension): see cmake/embed_files.cmake.
struct EmbeddedFile {
  std::string_view name;
  std::string_view content;
};

}  // namespace butler::domain
