#pragma once

#include <filesystem>

namespace butler::sqlite {

/// Holds `<file>.lock` for this process (flock(2)), so that no second process uses the database. The lock
/// goes with the process, however it ends.
class FileLock {
 public:
  /// Throws std::runtime_error naming the holder's process id when another process has it.
  explicit FileLock(const std::filesystem::path& file);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  int descriptor_;
};

}  // namespace butler::sqlite
