#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace butler::cli {

/// The roles ("gateway") of this home that run now, by who listens on their administration sockets; none
/// where we may not look.
std::vector<std::string> running_roles(const std::filesystem::path& home);

}  // namespace butler::cli
