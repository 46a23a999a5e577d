#pragma once

#include <filesystem>
#include <optional>
#include <ostream>

#include "cli/command_line.hpp"
#include "config/load.hpp"

namespace butler::cli {

/// `butler config environment`: what one role may know of `<home>/.env` and `secrets.env`, written to a file
/// of mode 0600 as systemd's EnvironmentFile= wants it. The orchestrator's makes `secrets.env` where it is
/// missing, as `butler up` does. Of the process's own environment only BUTLER_HOME counts: a file of the last
/// start must not go before `.env`. Returns 78, with the problems on standard error, when the role could not
/// start with it.
int write_role_environment(const config::Start& start, config::Role role,
                           const std::filesystem::path& output);

/// The script that installs the pinned runtime: of the installation that `program` is part of, or of its
/// checkout.
std::optional<std::filesystem::path> find_runtime_script(const std::filesystem::path& program);

/// Adds `config reference` and `config environment` to the group that is there, and `runtime install`.
void add_installation_commands(CLI::App& app, Action& chosen);

}  // namespace butler::cli
