#pragma once

#include <vector>

#include "sandbox/descriptors.hpp"
#include "sandbox/mounts.hpp"

namespace butler::sandbox {

/// bubblewrap makes an empty file or folder in the workspace for every missing name that it covers; files
/// that have to have a content are made here. This removes those of one start again, when no other sandbox
/// uses the workspace: a removed name would be uncovered there.
class Placeholders {
 public:
  /// Before the mounts are planned: until then somebody else may be removing theirs. Throws std::system_error
  /// when the workspace cannot be opened.
  explicit Placeholders(const std::filesystem::path& workspace);
  Placeholders(Placeholders&&) = default;
  Placeholders& operator=(Placeholders&&) = default;
  ~Placeholders();

  /// Throws std::system_error when a file cannot be made.
  void add(const MountPlan& plan);

 private:
  void put(const Mount& cover) const;
  bool is_as_made(const Mount& cover, const std::string& name) const;

  Descriptor workspace_;               ///< locked, shared, while the sandbox runs
  std::filesystem::path folder_ = {};  ///< canonical
  std::vector<Mount> covers_;
};

}  // namespace butler::sandbox
