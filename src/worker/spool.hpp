#pragma once

#include <filesystem>

namespace butler::worker {

/// The worker's own folder for files on their way between orchestrator and agents, made where it is missing:
/// no agent can see it. Throws std::system_error.
std::filesystem::path make_spool(const std::filesystem::path& butler_home);

/// Removes what a worker that was killed has left in it: what has not changed for an hour.
void clear_spool(const std::filesystem::path& spool);

/// A name for a file in the spool; what has that name is removed at the end.
class SpooledFile {
 public:
  explicit SpooledFile(const std::filesystem::path& spool);
  SpooledFile(const SpooledFile&) = delete;
  SpooledFile& operator=(const SpooledFile&) = delete;
  ~SpooledFile();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace butler::worker
