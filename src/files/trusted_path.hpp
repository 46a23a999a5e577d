#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace butler::files {

/// Why we may not run, or go by, what lies at this path; nullopt when we may, and when nothing is there.
///
/// The path's last name, each link that it leads through and each folder on the way of those links have to be
/// root's or ours (the effective user's), and nobody else may write to them. A folder on the way may be
/// open to others when it is sticky, as /tmp is: they cannot replace what is not theirs. The folder that the
/// path lies in is not judged, it may be of that kind, too. The error is a sentence without a full stop.
std::optional<std::string> find_path_fault(const std::filesystem::path& path);

}  // namespace butler::files
