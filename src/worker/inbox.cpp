#include "worker/inbox.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <memory>
#include <system_error>

#include "domain/job_id.hpp"
#include "files/descriptor.hpp"
#include "files/throw_errno.hpp"
#include "files/whole_file.hpp"
#include "log/log.hpp"

namespace butler::worker {

namespace fs = std::filesystem;

namespace {

constexpr const char* inbox_name = "inbox";
constexpr std::size_t copied_at_once = 65'536;

files::Descriptor open_workspace(const fs::path& workspace) {
  files::Descriptor fd{::open(workspace.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd.is_open()) files::throw_errno(workspace.string());
  return fd;
}

/// Makes it where it is missing.
files::Descriptor open_inner_folder(int parent, const std::string& name) {
  if (::mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST) files::throw_errno(name);
  auto fd = files::open_beneath(parent, name, O_RDONLY | O_DIRECTORY);
  if (!fd.is_open()) files::throw_errno(name);
  return fd;
}

void copy_content(int from, int to, const std::string& name) {
  std::array<char, copied_at_once> buffer{};
  for (;;) {
    const ssize_t count = ::read(from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) files::throw_errno(name);
    if (count == 0) return;
    files::write_all(to, {buffer.data(), static_cast<std::size_t>(count)}, name);
  }
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using FolderReader = std::unique_ptr<DIR, CloseFolder>;

/// Reads an open folder from its begin. Null, with errno, when that cannot be.
FolderReader reader_of(int folder) {
  const int own = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return FolderReader{own < 0 ? nullptr : ::fdopendir(own)};
}

/// The next name; "" at the end.
std::string next_name(DIR* folder) {
  while (const dirent* const entry = ::readdir(folder)) {
    const std::string name{static_cast<const char*>(entry->d_name)};
    if (name != "." && name != "..") return name;
  }
  return {};
}

/// What one prune may still do.
struct Budget {
  std::size_t entries = Inbox::pruned_at_once;

  bool take() { return entries > 0 && entries-- > 0; }
};

/// Deeper than anybody puts files: each level takes a descriptor of the worker's.
constexpr int deepest = 32;

/// Removes what has this name, and all within it, as far as the budget goes. False when something is left.
bool remove_tree(int parent, const std::string& name, Budget& budget, int depth = 0) {
  if (!budget.take()) return false;
  if (::unlinkat(parent, name.c_str(), 0) == 0) return true;
  if (errno != EISDIR || depth == deepest) return false;
  const auto folder = files::open_beneath(parent, name, O_RDONLY | O_DIRECTORY);
  const auto reader = folder.is_open() ? reader_of(folder.get()) : nullptr;
  if (!reader) return false;
  for (auto inner = next_name(reader.get()); !inner.empty(); inner = next_name(reader.get())) {
    if (!remove_tree(folder.get(), inner, budget, depth + 1) && budget.entries == 0) return false;
  }
  return ::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0;
}

/// A folder that is not quite gone keeps its age, so that the next prune goes on with it.
void restore_age(int inbox, const std::string& name, const struct stat& status) {
  const std::array<timespec, 2> times{status.st_atim, status.st_mtim};
  ::utimensat(inbox, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
}

}  // namespace

std::string Inbox::place_of(std::string_view job_id, const std::string& name) {
  return std::string{inbox_name} + "/" + domain::short_job_id(job_id) + "/" + name;
}

void Inbox::put(std::string_view job_id, const std::string& name, const fs::path& content) const {
  const files::Descriptor source{::open(content.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!source.is_open()) files::throw_errno(content.string());
  const auto workspace = open_workspace(workspace_);
  const auto inbox = open_inner_folder(workspace.get(), inbox_name);
  const auto folder = open_inner_folder(inbox.get(), domain::short_job_id(job_id));
  if (::unlinkat(folder.get(), name.c_str(), 0) != 0 && errno != ENOENT) files::throw_errno(name);
  const auto file = files::open_beneath(folder.get(), name, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!file.is_open()) files::throw_errno(name);
  try {
    copy_content(source.get(), file.get(), name);
  } catch (...) {
    ::unlinkat(folder.get(), name.c_str(), 0);  // half a file would be taken for a whole one
    throw;
  }
}

void Inbox::prune(std::chrono::system_clock::time_point now) const {
  const auto workspace = open_workspace(workspace_);
  const auto inbox = files::open_beneath(workspace.get(), inbox_name, O_RDONLY | O_DIRECTORY);
  if (!inbox.is_open()) return;  // nothing came yet, or what is there is not ours
  const auto oldest = std::chrono::system_clock::to_time_t(now - kept);
  const auto reader = reader_of(inbox.get());
  if (!reader) files::throw_errno(inbox_name);
  Budget budget;
  for (auto name = next_name(reader.get()); !name.empty() && budget.take(); name = next_name(reader.get())) {
    struct stat status{};
    if (::fstatat(inbox.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISDIR(status.st_mode) || status.st_mtime >= oldest) continue;
    if (remove_tree(inbox.get(), name, budget)) continue;
    restore_age(inbox.get(), name, status);
    log::warn("inbox.kept", {{"folder", name},
                             {"error", budget.entries > 0 ? "it cannot be removed"
                                                          : "it is very full: the next job goes on"}});
  }
}

}  // namespace butler::worker
