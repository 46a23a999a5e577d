#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "files/descriptor.hpp"

/// Files and folders that only their owner may read. Faults are std::system_error whose text names the file.
namespace butler::worker {

/// sandbox::open_beneath().
files::Descriptor open_beneath(int folder, const std::string& name, int flags, unsigned mode = 0);

/// Makes the folder and those above it; the folder itself gets mode 0700.
void make_private_folder(const std::filesystem::path& folder);

/// Writes the file by a rename: whoever reads it gets the old content or the new one. Mode 0600.
void write_private_file(const std::filesystem::path& file, std::string_view content);

/// Writes the file only if there is none. Mode 0600. False when there was one.
bool write_private_file_once(const std::filesystem::path& file, std::string_view content);

/// At most `limit` bytes of a file's begin; nullopt when there is no such file.
std::optional<std::string> read_file(const std::filesystem::path& file, std::size_t limit);

/// Writes all of it. Throws std::system_error.
void write_all(int fd, std::string_view content, const std::filesystem::path& file);

/// At most `limit` bytes from the descriptor. Throws std::system_error.
std::string read_at_most(int fd, std::size_t limit, const std::filesystem::path& file);

}  // namespace butler::worker
