#pragma once

#include <filesystem>
#include <iosfwd>

#include "cli/command_line.hpp"
#include "config/load.hpp"

namespace butler::cli {

struct BackupOptions {
  std::filesystem::path folder = {};  ///< where it is, or is to be; empty: `<home>/backups/<time>`
  bool replace = false;
  bool only_check = false;
  Format format = Format::text;
};

/// `butler backup`: while Butler runs. Returns the exit status; what is wrong is thrown as a sentence.
int make_backup(const config::Start& start, const BackupOptions& options, std::ostream& out);

/// `butler restore`: while Butler is down.
int restore_backup(const config::Start& start, const BackupOptions& options, std::ostream& out);

void add_backup_commands(CLI::App& app, Action& chosen);

}  // namespace butler::cli
