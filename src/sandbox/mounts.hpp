#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "sandbox/spec.hpp"

namespace butler::sandbox {

/// What is at a path, without following a link there.
enum class PathKind : std::uint8_t { missing, empty_file, file, empty_folder, folder, link, other };

/// The host's files as planning sees them.
struct HostFiles {
  std::function<PathKind(const std::filesystem::path&)> kind;
  /// Without links, "." and ".."; "" when nothing is there.
  std::function<std::filesystem::path(const std::filesystem::path&)> canonical;
  /// The names in a folder, sorted; none when it cannot be read.
  std::function<std::vector<std::string>(const std::filesystem::path&)> list;
};

/// Those of this machine.
HostFiles host_files();

/// One thing that the sandbox's file system shows, in the order of mounting.
struct Mount {
  enum class Kind : std::uint8_t {
    read_only,     ///< the host's file or folder
    read_write,    ///< the same, writable
    link,          ///< a symbolic link at `path` to `target`
    cover_file,    ///< a file nobody can write, over a name that is missing or as empty
    cover_folder,  ///< the same as a folder
  };
  Kind kind = Kind::read_only;
  std::filesystem::path path;
  std::filesystem::path target = {};  ///< of a link
  std::string content = {};           ///< of a cover_file: what stands for a missing one, "" for most

  bool operator==(const Mount&) const = default;
};

struct MountPlan {
  std::filesystem::path workspace;  ///< canonical
  std::vector<Mount> mounts;
  std::vector<std::string> covered = {};  ///< names in the workspace that nobody may touch, with all in them
  std::vector<std::string> opened = {};   ///< names in those that are writable all the same

  bool operator==(const MountPlan&) const = default;
};

/// What has to be in a file that stands for a missing one of this name: git takes it for none.
std::string placeholder_content(const std::filesystem::path& name);

/// The system's part: programs, libraries, and the little of /etc that they need.
std::vector<Mount> system_mounts(const HostFiles& files);

/// All of it. The error is a sentence: a path that has to be there is missing, or the place of a protected
/// name holds a symbolic link, behind which nothing could be protected. Pure.
std::expected<MountPlan, std::string> plan_mounts(const Spec& spec, const HostFiles& files);

}  // namespace butler::sandbox
