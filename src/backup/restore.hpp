#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "backup/manifest.hpp"
#include "domain/timestamp.hpp"

namespace butler::backup {

/// What is wrong with the files of a backup, a sentence each: a file that is missing, has another size or
/// another digest than the manifest says, or a database that is damaged. None when it can be restored. Reads
/// all of it.
std::vector<std::string> find_faults(const std::filesystem::path& folder, const Manifest& manifest);

struct Place {
  std::filesystem::path home;  ///< is there; nobody else uses it
  std::optional<std::filesystem::path> env_file =
      {};                ///< where the backup's `.env` goes when it was outside the home
  bool replace = false;  ///< what is there is moved to `<home>/replaced-<time>` instead of being in the way
};

struct Restored {
  std::int64_t files = 0;
  std::optional<std::filesystem::path> replaced = {};  ///< where that which was there lies now
};

/// Puts a backup without faults in its place. Everything is copied beside it first and on the disk; then each
/// entry of the home takes its place by a rename, the databases last. Interrupted, it can be run again.
///
/// The error is a sentence that names what is in the way. Throws std::runtime_error (a user who is not there)
/// and std::system_error (a full disk); what was there is then still there, or lies in the folder that was
/// said.
std::expected<Restored, std::string> restore(const std::filesystem::path& folder, const Manifest& manifest,
                                             const Place& place, domain::Timestamp now);

}  // namespace butler::backup
