#pragma once

#include <sys/types.h>

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <system_error>

namespace butler::files {

/// Whether a symbolic link in a file's place leads to it, or is an error (ELOOP).
enum class Links { follow, refuse };

struct SmallFile {
  std::string text;
  uid_t owner = 0;
  gid_t group = 0;
  mode_t mode = 0;  ///< permission bits
};

/// Reads a regular file of at most `limit` bytes. Never waits: a FIFO or a device in its place is an error.
std::expected<SmallFile, std::error_code> read_small_file(const std::filesystem::path& path,
                                                          std::size_t limit, Links links = Links::follow);

}  // namespace butler::files
