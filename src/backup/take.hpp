#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "domain/timestamp.hpp"

namespace butler::backup {

/// What was made, and what was not.
struct Taken {
  std::filesystem::path folder;
  std::int64_t files = 0;
  std::int64_t bytes = 0;
  std::vector<std::string> left_out;  ///< sockets, pipes and devices among the agent's files, by path
  std::vector<std::string> vanished;  ///< files that went away meanwhile
};

struct Source {
  std::filesystem::path home;
  std::optional<std::filesystem::path> env_file = {};  ///< outside the home
  std::string version;                                 ///< of this program
};

/// Makes a backup of a home in the new folder `target` (0700): snapshots of the databases, checked, and a
/// copy of all else that treatment_of() keeps. Butler may run meanwhile. The gateway's database comes before
/// the orchestrator's, so that no job is known to the gateway only, and both before the files of jobs, whose
/// rows would have no file. All of it is on the disk, and the manifest, written last, says so.
///
/// Throws std::runtime_error (a damaged database, a target that is there already) and std::system_error
/// (a full disk); what was made until then is removed.
Taken take(const Source& source, const std::filesystem::path& target, domain::Timestamp now,
           const std::function<void(const std::string& path)>& progress);

}  // namespace butler::backup
