#pragma once

#include <expected>
#include <iosfwd>
#include <optional>
#include <string>

#include "cli/command_line.hpp"
#include "config/load.hpp"

namespace butler::cli {

/// `butler config get NAME`: its value as it is in effect (of a secret only that there is one); exit_failure
/// when it has none.
int get_config(const config::Loaded& loaded, const std::string& name, Format format, std::ostream& out);

/// What `butler config set` and `unset` are given.
struct ConfigChange {
  std::string name;
  std::optional<std::string> value = {};  ///< of the command line; never a secret's
  std::string file = {};                  ///< the value is this file's first line
  bool remove = false;
  bool json = false;
};

/// `butler config set NAME [VALUE]` and `unset NAME`: writes to .env what the table allows, and says when
/// that takes effect. Without a value or a file it is read from standard input, hidden when it is a secret
/// and typed. The error exits: exit_usage for what may not be written, exit_config for what would make the
/// configuration wrong; then nothing is written.
int change_config(const config::Start& start, const config::Loaded& loaded, const ConfigChange& change,
                  std::ostream& out);

/// Why nobody may give this variable this value; nullopt when it is fine. Judges the variable alone, then
/// what becomes of the whole configuration. Never shows a secret. Pure but for a look at the workspace.
std::optional<std::string> find_change_fault(const config::Loaded& loaded, const std::string& name,
                                             const std::optional<std::string>& value);

}  // namespace butler::cli
