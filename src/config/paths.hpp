#pragma once

#include <filesystem>

namespace butler::config {

/// The home that somebody who is not root has in a checkout: this folder of it.
inline constexpr const char* checkout_home = ".data";

/// The path that somebody has named, relative to `folder` unless it is absolute: without "." and "..", and
/// without a slash at its end, so that its parent_path() is the folder that holds it. Pure.
std::filesystem::path absolute_path(const std::filesystem::path& folder, const std::filesystem::path& named);

}  // namespace butler::config
