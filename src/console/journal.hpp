#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace butler::console {

/// Which part of the journal, and how it is shown.
struct JournalView {
  std::string role = {};  ///< "" for all of them
  std::size_t lines = 200;
  bool follow = false;
  bool json = false;
};

/// The command that shows the roles' logs. Pure.
std::vector<std::string> journal_command(const JournalView& view);

/// `butler logs`: becomes journalctl. Returns, with 1, only when that could not be started. Throws Failure
/// where Butler is no service: its log is then where `butler up` runs.
int show_journal(const JournalView& view);

}  // namespace butler::console
