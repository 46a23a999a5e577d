#pragma once

#include <cstddef>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>

#include "cli/command_line.hpp"

namespace butler::cli {

struct AuditOptions {
  std::filesystem::path socket;  ///< the orchestrator's, in its home
  std::size_t limit = 50;        ///< rows that are shown
  std::string job;               ///< only of this job's id; "" for all
  std::string head;              ///< a hash that was noted earlier and must be in the log; "" for none
  std::string output;            ///< the file of an export; "" for `out`
};

/// `butler audit show`: the last rows, oldest first.
int show_audit(const AuditOptions& options, Format format, std::ostream& out);

/// `butler audit verify`: reads the whole log and computes its chain again, page by page. exit_ok, or
/// exit_failure and a sentence that names the first row which does not fit.
int verify_audit(const AuditOptions& options, std::ostream& out);

/// `butler audit export`: every row as a line of JSON, checked as verify_audit() does.
int export_audit(const AuditOptions& options, std::ostream& out);

/// Adds `butler audit …` to the command line.
void add_audit_commands(CLI::App& app, Action& chosen);

}  // namespace butler::cli
