#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// Files that are there in whole or not at all. Faults are std::system_error whose text names the file.
namespace butler::files {

/// Whose a file is.
struct Ownership {
  uid_t user = 0;
  gid_t group = 0;
};

/// Writes the file by a rename, its content on disk before: whoever reads it, also after a power cut, gets
/// the old content or the new one. A link in its place is replaced, not followed. It is ours, or `owner`'s,
/// which is root's to say.
void write_whole_file(const std::filesystem::path& file, std::string_view content, mode_t mode = 0600,
                      std::optional<Ownership> owner = std::nullopt);

/// Writes the file only if there is none. False when there was one.
bool write_whole_file_once(const std::filesystem::path& file, std::string_view content, mode_t mode = 0600);

/// Writes all of it to the descriptor. The text of a fault begins with `name`.
void write_all(int fd, std::string_view content, const std::string& name);

}  // namespace butler::files
