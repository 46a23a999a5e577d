#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace butler::console {

/// The command that shows the roles' logs. Pure.
std::vector<std::string> journal_command(std::size_t lines, bool follows, bool json);

/// `butler logs`: becomes journalctl. Returns, with 1, only when that could not be started. Throws Failure
/// where Butler is no service: its log is then where `butler up` runs.
int show_journal(std::size_t lines, bool follows, bool json);

}  // namespace butler::console
