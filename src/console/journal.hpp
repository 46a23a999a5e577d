#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace butler::console {

/// Whether Butler is installed as a service of systemd's: where its unit files lie, under `root`.
bool is_a_service(const std::filesystem::path& root);

/// The command that starts Butler here: "butler up", or the service's.
std::string start_command();

/// The command that shows the roles' logs. Pure.
std::vector<std::string> journal_command(std::size_t lines, bool follows, bool json);

/// `butler logs`: becomes journalctl. Returns, with 1, only when that could not be started. Throws Failure
/// where Butler is no service: its log is then where `butler up` runs.
int show_journal(std::size_t lines, bool follows, bool json);

}  // namespace butler::console
