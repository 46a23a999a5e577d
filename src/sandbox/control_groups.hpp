#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <string>

#include "sandbox/group_files.hpp"
#include "sandbox/spec.hpp"

namespace butler::sandbox {

/// One sandbox's group: the kernel itself holds the memory and the number of all its processes together. All
/// that is in it ends with this.
class ControlGroup {
 public:
  ControlGroup(std::shared_ptr<const GroupFiles> files, std::filesystem::path folder);
  ControlGroup(const ControlGroup&) = delete;
  ControlGroup& operator=(const ControlGroup&) = delete;
  ~ControlGroup();

  /// What a process writes "0" to, to be in it.
  std::filesystem::path entrance() const { return folder_ / "cgroup.procs"; }
  /// Whether the kernel has ended it for its memory.
  bool ran_out_of_memory() const;

 private:
  std::shared_ptr<const GroupFiles> files_;
  std::filesystem::path folder_;
};

/// The groups of this worker's sandboxes, where the system has left a group to Butler (systemd:
/// Delegate=yes). One thread.
class ControlGroups {
 public:
  /// Divides the group of this process: "butler-main" for Butler's processes, "butler-agents" for the worker
  /// and its sandboxes. The second belongs to `user` from then on, when this is root. The error is a
  /// sentence: then nothing was changed, or nothing that matters.
  static std::expected<ControlGroups, std::string> divide(GroupFiles files, pid_t self, uid_t user,
                                                          gid_t group);

  /// Throws std::system_error.
  std::unique_ptr<ControlGroup> make(const Limits& limits);

 private:
  ControlGroups(std::shared_ptr<const GroupFiles> files, std::filesystem::path folder, pid_t self);

  std::shared_ptr<const GroupFiles> files_;
  std::filesystem::path folder_;
  pid_t self_;
  std::uint64_t made_ = 0;
};

}  // namespace butler::sandbox
