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
