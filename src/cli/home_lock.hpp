#pragma once

#include <expected>
#include <filesystem>
#include <string>

namespace butler::cli {

/// The lock of a home, `<home>/butler.lock`: one supervisor at a time. flock(2): it goes with the process,
/// however that ends. The file holds the holder's process id and when it started.
class HomeLock {
 public:
  /// The error is a sentence that names the holder. Throws std::system_error when the file cannot be opened.
  static std::expected<HomeLock, std::string> take(const std::filesystem::path& home);

  HomeLock(HomeLock&& other) noexcept;
  HomeLock& operator=(HomeLock&&) = delete;
  ~HomeLock();

 private:
  explicit HomeLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace butler::cli
