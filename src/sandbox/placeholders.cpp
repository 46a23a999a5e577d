#include "sandbox/placeholders.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

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
  throw std::system_error(errno, std::generic_category(), workspace.string());
}

void Placeholders::add(const MountPlan& plan) {
  folder_ = plan.workspace;
  for (const auto& mount : plan.mounts) {
    if (is_cover(mount)) covers_.push_back(mount);
  }
}

Placeholders::~Placeholders() {
  if (workspace_.get() < 0 || covers_.empty()) return;
  if (::flock(workspace_.get(), LOCK_EX | LOCK_NB) != 0) return;
  for (const auto& cover : covers_) {
    const bool folder = cover.kind == Mount::Kind::cover_folder;
    const auto name = cover.path.lexically_relative(folder_);
    struct stat status{};
    // Only what is still as empty as it was made. The parents are real folders: the agent could not move
    // them.
    if (::fstatat(workspace_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (folder ? S_ISDIR(status.st_mode) : S_ISREG(status.st_mode) && status.st_size == 0) {
      ::unlinkat(workspace_.get(), name.c_str(), folder ? AT_REMOVEDIR : 0);
    }
  }
}

}  // namespace butler::sandbox
