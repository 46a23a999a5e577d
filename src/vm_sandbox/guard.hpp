#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "sandbox/mounts.hpp"
#include "sandbox/spec.hpp"
#include "vm_sandbox/archive.hpp"

namespace butler::vm_sandbox {

/// What of a workspace a guest must not change: what the bwrap tier covers. Pure.
class Guard {
 public:
  Guard() = default;
  /// Relative paths: what is kept with all that is in it. The folders on the way to it stay folders.
  explicit Guard(std::set<std::string> kept);

  /// Whether the guest may have this at the path.
  bool allows(std::string_view path, ArchiveEntry::Kind kind) const;
  /// Whether it may remove what is there.
  bool allows_removal(std::string_view path) const;

  const std::set<std::string>& kept() const& { return kept_; }

 private:
  bool is_kept(std::string_view path) const;

  std::set<std::string> kept_;
  std::set<std::string> ways_;  ///< the folders on the way
};

/// For the workspace that the plan was made of.
Guard make_guard(const sandbox::Spec& spec, const sandbox::MountPlan& plan);

}  // namespace butler::vm_sandbox
