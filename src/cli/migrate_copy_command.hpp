#pragma once

#include <iosfwd>
#include <string>

#include "cli/command_line.hpp"
#include "config/load.hpp"

namespace butler::cli {

struct CopyChoice {
  std::string to = {};    ///< "postgresql", "sqlite"
  std::string role = {};  ///< "orchestrator", "gateway"; "" for each that has an address of a server
  bool dry_run = false;   ///< only says what would be copied
};

/// `butler migrate copy`: the roles' state from the files of the home to the servers that the settings name,
/// or back, while Butler is down. Returns 0 when every table has arrived in full, or would be copied; throws
/// std::runtime_error when nothing was.
int copy_state(const config::Start& start, const CopyChoice& choice, Format format, std::ostream& out);

/// Adds it to `butler migrate`.
void add_migrate_copy_command(CLI::App& group, Action& chosen);

}  // namespace butler::cli
