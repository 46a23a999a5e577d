#pragma once

#include <iosfwd>

#include "cli/command_line.hpp"
#include "config/load.hpp"

namespace butler::cli {

/// `butler migrate status`: the schema of both databases, of which nothing is changed. Returns 0 when this
/// program can start with them as they are, 1 when migrations wait or something is wrong.
int show_migrations(const config::Start& start, Format format, std::ostream& out);

/// `butler migrate up`: brings both databases up to date, while Butler is down, with a copy of each file made
/// before. Nothing is begun when one of them cannot be brought up.
int run_migrations(const config::Start& start, Format format, std::ostream& out);

void add_migrate_commands(CLI::App& app, Action& chosen);

}  // namespace butler::cli
