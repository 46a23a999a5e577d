#pragma once

#include <filesystem>
#include <iosfwd>

#include "cli/command_line.hpp"
#include "config/load.hpp"

namespace butler::cli {

/// `butler import`: takes over the data folder of Butler's first version, while Butler is down. Returns 0
/// when all of it was taken over, 1 when something was not; the rest was then taken over all the same.
int import_first_version(const config::Start& start, const std::filesystem::path& folder, Format format,
                         std::ostream& out);

void add_import_command(CLI::App& app, Action& chosen);

}  // namespace butler::cli
