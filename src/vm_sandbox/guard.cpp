#include "vm_sandbox/guard.hpp"

namespace butler::vm_sandbox {

Guard::Guard(std::set<std::string> kept) : kept_(std::move(kept)) {
  for (const std::string_view path : kept_) {
    for (auto end = path.find('/'); end != std::string_view::npos; end = path.find('/', end + 1)) {
      ways_.emplace(path.substr(0, end));
    }
  }
}

bool Guard::is_kept(std::string_view path) const {
  for (auto end = path.find('/');; end = path.find('/', end + 1)) {
    if (kept_.contains(std::string{path.substr(0, end)})) return true;
    if (end == std::string_view::npos) return false;
  }
}

bool Guard::allows(std::string_view path, ArchiveEntry::Kind kind) const {
  if (is_kept(path)) return false;
  return kind == ArchiveEntry::Kind::folder || !ways_.contains(std::string{path});
}

bool Guard::allows_removal(std::string_view path) const {
  return !is_kept(path) && !ways_.contains(std::string{path});
}

Guard make_guard(const sandbox::Spec& spec, const sandbox::MountPlan& plan) {
  std::set<std::string> kept{spec.protected_names.begin(), spec.protected_names.end()};
  for (const auto& mount : plan.mounts) {
    using Kind = sandbox::Mount::Kind;
    if (mount.kind == Kind::read_write || mount.kind == Kind::link) continue;
    const auto inside = mount.path.lexically_relative(plan.workspace);
    if (!inside.empty() && *inside.begin() != ".." && inside != ".") kept.insert(inside.string());
  }
  return Guard{std::move(kept)};
}

}  // namespace butler::vm_sandbox
