#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "cli/home_lock.hpp"
#include "sqlite/file_lock.hpp"

namespace butler::cli {

enum class Databases : std::uint8_t {
  held,  ///< nobody may open them
  free,  ///< whoever holds the home opens them
};

/// A home in which nothing of Butler runs, and nothing is started by `butler up` while this lives.
class QuietHome {
 public:
  /// Throws std::runtime_error that says what runs and how to stop it.
  explicit QuietHome(const std::filesystem::path& home, Databases databases = Databases::free);

 private:
  HomeLock lock_;
  std::vector<sqlite::FileLock> databases_;
};

}  // namespace butler::cli
