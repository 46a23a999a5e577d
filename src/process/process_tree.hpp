#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace butler::process {

/// What /proc/<pid>/stat says of a process.
struct ProcessEntry {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  char state = '?';

  bool operator==(const ProcessEntry&) const = default;
};

/// Decodes a /proc/<pid>/stat line; the command name in it may hold blanks and brackets. nullopt for anything
/// else.
std::optional<ProcessEntry> parse_stat(std::string_view line);

/// The pids of `entries` whose chain of parents leads to `root`, without root itself.
std::vector<pid_t> descendants_of(pid_t root, const std::vector<ProcessEntry>& entries);

/// All that a file of /proc says; "" when there is none any more.
std::string read_proc_file(const std::filesystem::path& file);

/// Every process that /proc shows now.
std::vector<ProcessEntry> list_processes();

/// Kills (SIGKILL) every descendant of `root`, and root. They are stopped first, so that none can fork away
/// meanwhile.
void kill_descendants(pid_t root);

}  // namespace butler::process
