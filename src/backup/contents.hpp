#pragma once

#include <cstdint>
#include <string_view>

namespace butler::backup {

enum class Treatment : std::uint8_t {
  copy,       ///< as it is
  database,   ///< as a snapshot that SQLite makes, while others write to it
  leave_out,  ///< can be made anew, or means nothing elsewhere
};

/// What becomes of an entry of the home in a backup. `path` is relative to the home, "mcp/host/notes.txt".
/// What a folder is treated as holds for all that lies in it. Pure.
Treatment treatment_of(std::string_view path);

}  // namespace butler::backup
