#include "sandbox/mounts.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>
#include <tuple>

#include "files/folder.hpp"
#include "sandbox/descriptors.hpp"
#include "sandbox/git_places.hpp"

namespace butler::sandbox {

namespace fs = std::filesystem;
using enum Mount::Kind;

namespace {

// No resolv.conf: there is no name server. No passwd and hosts: they are made for the sandbox.
// Each costs a part of a millisecond at every start.
constexpr std::array system_files{"/etc/ld.so.cache",     "/etc/alternatives", "/etc/ssl/certs",
                                  "/etc/ssl/openssl.cnf", "/etc/localtime",    "/etc/mime.types",
                                  "/etc/os-release",      "/etc/services"};
constexpr std::array top_folders{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};

/// A name that is a file when it is missing: the others are folders.
bool names_a_file(const fs::path& name) {
  constexpr std::array files{".envrc", ".mcp.json", "config", "config.worktree", "commondir", "gitdir"};
  return std::ranges::find(files, name.filename().string()) != files.end();
}

/// Adds what is needed to see `path` at its own place, links resolved.
void add_visible(std::vector<Mount>& mounts, Mount::Kind kind, const fs::path& path,
                 const fs::path& canonical) {
  mounts.push_back({.kind = kind, .path = canonical});
  if (canonical != path) mounts.push_back({.kind = link, .path = path, .target = canonical});
}

/// One protected name of the workspace. Every folder on the way gets a mount of its own, so that it cannot be
/// moved aside with what it protects.
std::optional<std::string> protect(std::vector<Mount>& mounts, const fs::path& workspace,
                                   const fs::path& name, const HostFiles& files) {
  fs::path path = workspace;
  const auto last = std::prev(name.end());
  for (auto part = name.begin(); part != name.end(); ++part) {
    path /= *part;
    switch (files.kind(path)) {
      case PathKind::missing:
        if (part == last && names_a_file(name)) {
          mounts.push_back({.kind = cover_file, .path = path, .content = placeholder_content(path)});
        } else {
          mounts.push_back({.kind = cover_folder, .path = path});
        }
        return std::nullopt;
      // As another sandbox's cover looks from outside.
      case PathKind::empty_file:
        mounts.push_back({.kind = cover_file, .path = path, .content = placeholder_content(path)});
        return std::nullopt;
      case PathKind::empty_folder:
        mounts.push_back({.kind = cover_folder, .path = path});
        return std::nullopt;
      case PathKind::link:
        return path.string() +
               " is a symbolic link, behind which the sandbox cannot protect it: put a real file or folder "
               "there";
      case PathKind::folder:
        mounts.push_back({.kind = part == last ? read_only : read_write, .path = path});
        break;
      case PathKind::file:
      case PathKind::other: mounts.push_back({.kind = read_only, .path = path}); return std::nullopt;
    }
  }
  return std::nullopt;
}

bool is_as_empty(const fs::path& path, const struct stat& status) {
  const auto expected = placeholder_content(path);
  if (status.st_size == 0) return true;
  if (static_cast<std::size_t>(status.st_size) != expected.size()) return false;
  // Read as everything in a workspace: it may be another file by now.
  const Descriptor folder{::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  const Descriptor file = open_beneath(folder.get(), path.filename().string(), O_RDONLY | O_NONBLOCK);
  std::string content(expected.size(), '\0');
  return ::pread(file.get(), content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()) &&
         content == expected;
}

void remove_repeated(std::vector<Mount>& mounts) {
  std::vector<Mount> once;
  for (auto& mount : mounts) {
    if (std::ranges::find(once, mount) == once.end()) once.push_back(std::move(mount));
  }
  mounts = std::move(once);
}

}  // namespace

std::string placeholder_content(const fs::path& name) {
  if (name.filename() == "commondir") return ".\n";
  return name.filename() == "config.worktree" ? "\n" : "";
}

HostFiles host_files() {
  return {.kind =
              [](const fs::path& path) {
                struct stat status{};
                if (::lstat(path.c_str(), &status) != 0) return PathKind::missing;
                if (S_ISREG(status.st_mode))
                  return is_as_empty(path, status) ? PathKind::empty_file : PathKind::file;
                std::error_code closed;
                if (S_ISDIR(status.st_mode)) {
                  return fs::is_empty(path, closed) ? PathKind::empty_folder : PathKind::folder;
                }
                return S_ISLNK(status.st_mode) ? PathKind::link : PathKind::other;
              },
          .canonical =
              [](const fs::path& path) {
                std::error_code missing;
                const auto canonical = fs::canonical(path, missing);
                return missing ? fs::path{} : canonical;
              },
          .list = files::names_in};
}

std::vector<Mount> system_mounts(const HostFiles& files) {
  std::vector<Mount> mounts{{.kind = read_only, .path = "/usr"}};
  for (const fs::path folder : top_folders) {
    switch (files.kind(folder)) {
      case PathKind::link:
        mounts.push_back({.kind = link, .path = folder, .target = files.canonical(folder)});
        break;
      case PathKind::folder: mounts.push_back({.kind = read_only, .path = folder}); break;
      default: break;
    }
  }
  for (const fs::path file : system_files) {
    const auto canonical = files.canonical(file);
    if (canonical.empty()) continue;
    const bool in_usr = canonical.native().starts_with("/usr/");
    if (!in_usr) mounts.push_back({.kind = read_only, .path = canonical});
    if (canonical != file) mounts.push_back({.kind = link, .path = file, .target = canonical});
  }
  return mounts;
}

std::expected<MountPlan, std::string> plan_mounts(const Spec& spec, const HostFiles& files) {
  MountPlan plan{.workspace = files.canonical(spec.workspace), .mounts = system_mounts(files)};
  if (plan.workspace.empty()) {
    return std::unexpected("the workspace " + spec.workspace.string() + " is not there");
  }
  for (const auto& path : spec.read_only) {
    const auto canonical = files.canonical(path);
    if (!canonical.empty()) add_visible(plan.mounts, read_only, path, canonical);
  }
  for (const auto& path : spec.read_write) {
    const auto canonical = files.canonical(path);
    if (canonical.empty()) return std::unexpected(path.string() + " is not there");
    add_visible(plan.mounts, read_write, path, canonical);
  }
  add_visible(plan.mounts, read_write, spec.workspace, plan.workspace);
  // A folder comes before what lies in it.
  std::ranges::sort(plan.mounts, {}, [](const Mount& mount) { return std::tie(mount.path, mount.kind); });
  std::vector<Mount> covers;
  plan.covered = spec.protected_names;
  // Landlock adds up what a path and the folders above it allow: in the workspace it is the broker that
  // refuses.
  for (const auto& path : spec.read_only) {
    const auto name = files.canonical(path).lexically_relative(plan.workspace);
    if (!name.empty() && name != "." && *name.begin() != "..") plan.covered.push_back(name.string());
  }
  for (const auto& name : spec.protected_names) {
    if (auto problem = protect(covers, plan.workspace, name, files))
      return std::unexpected(std::move(*problem));
  }
  // What is opened comes after the folder that is closed, and before what is closed in it.
  if (!spec.protected_names.empty()) {
    for (const auto& place : find_git_places(plan.workspace, files)) {
      const fs::path folder = plan.workspace / place.folder;
      covers.push_back({.kind = read_write, .path = folder});
      plan.opened.push_back(place.folder.string());
      for (const auto& name : place.covered) {
        if (auto problem = protect(covers, folder, name, files)) return std::unexpected(std::move(*problem));
        plan.covered.push_back((place.folder / name).string());
      }
    }
  }
  plan.mounts.insert(plan.mounts.end(), covers.begin(), covers.end());
  remove_repeated(plan.mounts);
  return plan;
}

}  // namespace butler::sandbox
