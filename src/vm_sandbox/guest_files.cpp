#include "vm_sandbox/guest_files.hpp"

#include <algorithm>

#include "vm/image.hpp"

namespace butler::vm_sandbox {

namespace fs = std::filesystem;
using Mount = sandbox::Mount;

namespace {

bool lies_in(const fs::path& path, const fs::path& folder) {
  return (path.native() + '/').starts_with(folder.native() + '/');
}

/// The folders of runtimes among what is shown.
std::vector<fs::path> runtimes_in(const sandbox::MountPlan& plan) {
  std::vector<fs::path> folders;
  for (const auto& mount : plan.mounts) {
    if (mount.kind == Mount::Kind::read_only && !vm::runtime_identity(mount.path).empty()) {
      folders.push_back(mount.path);
    }
  }
  return folders;
}

bool is_returned(const sandbox::Spec& spec, const fs::path& path) {
  return std::ranges::any_of(spec.returned,
                             [&](const fs::path& folder) { return fs::weakly_canonical(folder) == path; });
}

}  // namespace

std::string other_runtime(const fs::path& runtime) {
  return "the virtual machine's image holds another node and pi than " + runtime.string() +
         ": butler vm destroy, then butler vm create --image full makes one with these";
}

std::expected<GuestFiles, std::string> plan_guest_files(const sandbox::Spec& spec,
                                                        const sandbox::MountPlan& plan,
                                                        const std::string& runtime) {
  GuestFiles files;
  const auto system = sandbox::system_mounts(sandbox::host_files());
  const auto runtimes = runtimes_in(plan);
  for (const auto& mount : plan.mounts) {
    const auto& path = mount.path;
    const bool of_system = std::ranges::find(system, mount) != system.end() || lies_in(path, "/usr");
    if (of_system || lies_in(path, plan.workspace)) continue;
    if (mount.kind == Mount::Kind::link) {
      files.links.push_back({.path = path.string(), .target = mount.target.string()});
    } else if (std::ranges::find(runtimes, path) != runtimes.end()) {
      if (runtime.empty()) continue;
      if (vm::runtime_identity(path) != runtime) return std::unexpected(other_runtime(path));
      files.links.push_back({.path = path.string(), .target = vm::runtime_inside});
    } else if (std::ranges::none_of(runtimes, [&](const fs::path& one) { return lies_in(path, one); })) {
      files.trees.push_back({.path = path.string(),
                             .writable = mount.kind == Mount::Kind::read_write,
                             .returned = is_returned(spec, path)});
    }
  }
  return files;
}

}  // namespace butler::vm_sandbox
