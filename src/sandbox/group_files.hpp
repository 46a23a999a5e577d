#pragma once

#include <sys/types.h>

#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

/// Linux control groups, version 2 (kernel: Documentation/admin-guide/cgroup-v2.rst): what their files say.
namespace butler::sandbox {

/// How the files are reached.
struct GroupFiles {
  /// "" when it cannot be read.
  std::function<std::string(const std::filesystem::path&)> read;
  std::function<std::error_code(const std::filesystem::path&, std::string_view)> write;
  /// It may be there already.
  std::function<std::error_code(const std::filesystem::path&)> make_folder;
  std::function<std::error_code(const std::filesystem::path&)> remove_folder;
  /// Names in a folder.
  std::function<std::vector<std::string>(const std::filesystem::path&)> list;
  /// Whether whoever manages the machine's groups has left this one to us.
  std::function<bool(const std::filesystem::path&)> is_ours;
  /// Gives a group to a user, to make others in it.
  std::function<std::error_code(const std::filesystem::path&, uid_t, gid_t)> give_to;
};

/// Those of this machine.
GroupFiles group_files();

/// The path in the hierarchy of version 2, as /proc/<pid>/cgroup has it; nothing when there is none. Pure.
std::optional<std::string> group_path(std::string_view proc_cgroup);
/// Where that hierarchy is mounted, as a whole, as /proc/<pid>/mountinfo has it. Pure.
std::optional<std::filesystem::path> group_mount(std::string_view mountinfo);
/// Of memory and pids, those that cgroup.controllers does not name. Pure.
std::vector<std::string> missing_controllers(std::string_view controllers);
/// The number behind a name in a file of names and numbers (memory.events); 0 when it is not there. Pure.
std::uint64_t event_count(std::string_view events, std::string_view name);

}  // namespace butler::sandbox
