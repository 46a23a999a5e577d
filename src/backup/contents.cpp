#include "backup/contents.hpp"

#include <algorithm>
#include <array>

namespace butler::backup {

namespace {

using namespace std::string_view_literals;

constexpr std::array databases{"gateway.db"sv, "state.db"sv};

// `butler runtime install`, `butler vm build` and `butler mcp sync` make the first three; the others are
// copies.
constexpr std::array made_anew{"runtime"sv, "vm"sv, "mcp/bin"sv, "backups"sv, "artifacts/.incoming"sv};

/// Of a process that runs, or ran: at the home's top only, where nobody else keeps files.
bool is_of_a_process(std::string_view path) {
  return path.ends_with(".lock") || path.ends_with(".sock") || path.ends_with("-wal") ||
         path.ends_with("-shm") || path.ends_with("-journal") || path.contains(".before-");
}

}  // namespace

Treatment treatment_of(std::string_view path) {
  if (std::ranges::find(databases, path) != databases.end()) return Treatment::database;
  if (std::ranges::find(made_anew, path) != made_anew.end() || path.starts_with("replaced-"))
    return Treatment::leave_out;
  if (!path.contains('/') && is_of_a_process(path)) return Treatment::leave_out;
  return Treatment::copy;
}

}  // namespace butler::backup
