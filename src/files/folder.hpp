#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace butler::files {

/// The names in a folder, sorted; none when it cannot be read.
std::vector<std::string> names_in(const std::filesystem::path& folder);

/// Puts on the disk which files are in a folder: fsync(2). A rename is safe from a power cut after it. Throws
/// std::system_error.
void sync_folder(const std::filesystem::path& folder);

}  // namespace butler::files
