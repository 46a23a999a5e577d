#include "sandbox/git_places.hpp"

namespace butler::sandbox {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_places = 60;
constexpr int deepest_module = 6;

class Search {
 public:
  Search(const fs::path& workspace, const HostFiles& files) : workspace_(workspace), files_(files) {}

  /// A submodule's name may have slashes, and a submodule may have submodules.
  void modules_in(const fs::path& folder, int depth) {
    if (depth == deepest_module || !is_folder(folder)) return;
    for (const auto& name : files_.list(workspace_ / folder)) {
      const fs::path inner = folder / name;
      if (!is_folder(inner) || places_.size() >= most_places) continue;
      if (!is_file(inner / "HEAD")) {
        modules_in(inner, depth + 1);
        continue;
      }
      places_.push_back(
          {.folder = inner,
           .covered = {"hooks", "config", "config.worktree", "commondir", "modules", "worktrees"}});
      modules_in(inner / "modules", depth + 1);
      worktrees_in(inner / "worktrees");
    }
  }

  void worktrees_in(const fs::path& folder) {
    if (!is_folder(folder)) return;
    for (const auto& name : files_.list(workspace_ / folder)) {
      const fs::path inner = folder / name;
      if (!is_folder(inner) || !is_file(inner / "HEAD") || places_.size() >= most_places) continue;
      places_.push_back({.folder = inner, .covered = {"commondir", "gitdir", "config.worktree"}});
    }
  }

  std::vector<GitPlace> take() { return std::move(places_); }

 private:
  bool is_folder(const fs::path& path) const { return files_.kind(workspace_ / path) == PathKind::folder; }
  bool is_file(const fs::path& path) const { return files_.kind(workspace_ / path) == PathKind::file; }

  const fs::path& workspace_;
  const HostFiles& files_;
  std::vector<GitPlace> places_;
};

}  // namespace

std::vector<GitPlace> find_git_places(const fs::path& workspace, const HostFiles& files) {
  // A link on the way is for others to refuse.
  if (files.kind(workspace / ".git") != PathKind::folder) return {};
  Search search(workspace, files);
  search.modules_in(".git/modules", 0);
  search.worktrees_in(".git/worktrees");
  return search.take();
}

}  // namespace butler::sandbox
