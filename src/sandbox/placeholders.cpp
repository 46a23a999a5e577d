#include "sandbox/placeholders.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "files/throw_errno.hpp"

namespace butler::sandbox {

namespace {

constexpr int lock_attempts = 50;

bool is_cover(const Mount& mount) {
  return mount.kind == Mount::Kind::cover_file || mount.kind == Mount::Kind::cover_folder;
}

}  // namespace

Placeholders::Placeholders(const std::filesystem::path& workspace)
    : workspace_(::open(workspace.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  // Who holds it alone, below, does so only for a moment. Whoever else does must not hold us up.
  for (int left = lock_attempts; workspace_.get() >= 0; --left) {
    if (::flock(workspace_.get(), LOCK_SH | LOCK_NB) == 0) return;
    if (errno != EWOULDBLOCK || left == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  files::throw_errno(workspace.string());
}

/// An empty one would be one that git cannot read.
void Placeholders::put(const Mount& cover) const {
  const auto name = cover.path.lexically_relative(folder_).string();
  const Descriptor made = open_beneath(workspace_.get(), name, O_WRONLY | O_CREAT, 0644);
  const auto size = static_cast<ssize_t>(cover.content.size());
  // Over what is there: either nothing, or the same. Git may be somebody else's outside.
  if (made.get() < 0 || ::fchmod(made.get(), 0644) != 0 ||
      ::write(made.get(), cover.content.data(), cover.content.size()) != size) {
    files::throw_errno(cover.path.string());
  }
}

bool Placeholders::is_as_made(const Mount& cover, const std::string& name) const {
  struct stat status{};
  if (::fstatat(workspace_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
  if (cover.kind == Mount::Kind::cover_folder) return S_ISDIR(status.st_mode);
  if (!S_ISREG(status.st_mode) || static_cast<std::size_t>(status.st_size) != cover.content.size())
    return false;
  const Descriptor file = open_beneath(workspace_.get(), name, O_RDONLY | O_NONBLOCK);
  std::string content(cover.content.size(), '\0');
  const auto size = static_cast<ssize_t>(content.size());
  return ::pread(file.get(), content.data(), content.size(), 0) == size && content == cover.content;
}

void Placeholders::add(const MountPlan& plan) {
  folder_ = plan.workspace;
  for (const auto& mount : plan.mounts) {
    if (!is_cover(mount)) continue;
    covers_.push_back(mount);
    if (!mount.content.empty()) put(mount);
  }
}

Placeholders::~Placeholders() {
  if (workspace_.get() < 0 || covers_.empty()) return;
  if (::flock(workspace_.get(), LOCK_EX | LOCK_NB) != 0) return;
  for (const auto& cover : covers_) {
    const auto name = cover.path.lexically_relative(folder_).string();
    // Only what is still as it was made. The parents are real folders: the agent could not move them.
    if (!is_as_made(cover, name)) continue;
    ::unlinkat(workspace_.get(), name.c_str(), cover.kind == Mount::Kind::cover_folder ? AT_REMOVEDIR : 0);
  }
}

}  // namespace butler::sandbox
