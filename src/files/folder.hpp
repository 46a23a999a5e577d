#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace butler::files {

/// The names in a folder, sorted; none when it cannot be read.
std::vector<std::string> names_in(const std::filesystem::path& folder);

}  // namespace butler::files
