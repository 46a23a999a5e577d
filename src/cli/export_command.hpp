#pragma once

#include <filesystem>
#include <iosfwd>

#include "cli/command_line.hpp"
#include "config/load.hpp"

namespace butler::cli {

/// `butler export`: jobs, events, results, approvals, messages, people and sessions as lines of JSON, while
/// Butler runs (backup/records.hpp).
int export_records(const config::Start& start, const std::filesystem::path& folder, Format format,
                   std::ostream& out);

void add_export_command(CLI::App& app, Action& chosen);

}  // namespace butler::cli
