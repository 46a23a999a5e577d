#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

/// Files and folders that only their owner may read. Faults are std::system_error whose text names the file.
namespace butler::worker {

/// Makes the folder and those above it; the folder itself gets mode 0700.
void make_private_folder(const std::filesystem::path& folder);

/// At most `limit` bytes of a file's begin; nullopt when there is no such file.
std::optional<std::string> read_file(const std::filesystem::path& file, std::size_t limit);

/// At most `limit` bytes from the descriptor. Throws std::system_error.
std::string read_at_most(int fd, std::size_t limit, const std::filesystem::path& file);

}  // namespace butler::worker
