#include "cli/home.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "files/throw_errno.hpp"
#include "log/log.hpp"
#include "process/installation.hpp"

namespace butler::cli {

namespace fs = std::filesystem;

namespace {

/// Sticky and group-writable: the control user's own files are theirs to replace, root's are not.
constexpr mode_t shared_home_mode = 01771;
constexpr mode_t private_mode = 0700;
constexpr mode_t open_mode = 0755;

class Folder {
 public:
  /// No symbolic link is followed: whoever may write to the parent must not choose what we change.
  Folder(int parent, const fs::path& path)
      : path_(path), fd_(::openat(parent, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) {
    if (fd_ < 0) files::throw_errno(path_.string());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { ::close(fd_); }

  int fd() const { return fd_; }
  uid_t owner() const { return status().st_uid; }
  mode_t mode() const { return status().st_mode & 07777U; }

  void give_to(uid_t user, gid_t group, mode_t mode) const {
    const auto now = status();
    if ((now.st_uid != user || now.st_gid != group) && ::fchown(fd_, user, group) != 0)
      files::throw_errno(path_.string());
    if ((now.st_mode & 07777U) != mode && ::fchmod(fd_, mode) != 0) files::throw_errno(path_.string());
  }

 private:
  struct stat status() const {
    struct stat status{};
    if (::fstat(fd_, &status) != 0) files::throw_errno(path_.string());
    return status;
  }

  fs::path path_;
  int fd_;
};

void make_folder(int parent, const char* name) {
  if (::mkdirat(parent, name, private_mode) != 0 && errno != EEXIST) files::throw_errno(name);
}

/// Other users walk through what root makes on the way to a home, whatever root's umask. By the umask: a mode
/// that is changed afterwards could be that of something put in the folder's place.
void make_open_parents(const fs::path& folder) {
  class OpenUmask {
   public:
    OpenUmask() = default;
    OpenUmask(const OpenUmask&) = delete;
    OpenUmask& operator=(const OpenUmask&) = delete;
    ~OpenUmask() { ::umask(before_); }

   private:
    mode_t before_ = ::umask(0777U & ~open_mode);
  };
  const OpenUmask open;
  fs::create_directories(folder.parent_path());
}

/// Every folder above must let other users walk through.
void check_reachable(const fs::path& home) {
  for (fs::path above = home.parent_path();; above = above.parent_path()) {
    struct stat status{};
    if (::stat(above.c_str(), &status) != 0) files::throw_errno(above.string());
    if ((status.st_mode & S_IXOTH) == 0) {
      throw std::runtime_error("BUTLER_HOME=" + home.string() + " cannot be reached by the user '" +
                               agent_user + "', because " + above.string() +
                               " is closed to others; set BUTLER_HOME to a folder elsewhere");
    }
    if (above == above.root_path()) return;
  }
}

/// The folder of the policy is root's: the control user may not replace what is in it, and the worker reads
/// it. It counts only if root made it: what else is in one of another user nobody knows.
void prepare_config_folder(int home_fd, const fs::path& home) {
  make_folder(home_fd, "config");
  struct stat status{};
  const bool there = ::fstatat(home_fd, "config", &status, AT_SYMLINK_NOFOLLOW) == 0;
  const auto path = (home / "config").string();
  if (!there || !S_ISDIR(status.st_mode))
    throw std::runtime_error(path + " is no folder: move it away, and Butler makes a new one");
  if (status.st_uid != 0) {
    throw std::runtime_error(path + " belongs to another user (uid " + std::to_string(status.st_uid) +
                             ") than root, who could change the policy: look through what is in it, then "
                             "run: chown root: " +
                             path);
  }
  const Folder folder(home_fd, "config");
  if (folder.mode() != open_mode) folder.give_to(0, 0, open_mode);
}

process::SystemUser required_user(const char* name) {
  const auto user = process::find_user(name);
  if (!user) {
    throw std::runtime_error(std::string{"the system user '"} + name + "' does not exist: run " +
                             process::users_command() +
                             " as root, or start Butler as another user than root");
  }
  return *user;
}

}  // namespace

void make_files_private() { ::umask(077); }

HomeOwners find_home_owners() {
  return HomeOwners{.control = required_user(control_user), .agent = required_user(agent_user)};
}

void prepare_own_home(const fs::path& home) {
  fs::create_directories(home.parent_path());
  if (::mkdir(home.c_str(), private_mode) == 0) return;
  if (errno != EEXIST) files::throw_errno(home.string());
  struct stat status{};
  if (::stat(home.c_str(), &status) != 0) files::throw_errno(home.string());
  if ((status.st_mode & 0066U) != 0) {
    log::warn("home.open",
              {{"home", home.string()}, {"advice", "other users can read or change it: chmod 700 it"}});
  }
}

void prepare_shared_home(const fs::path& home, const HomeOwners& owners) {
  make_open_parents(home);
  make_folder(AT_FDCWD, home.c_str());
  check_reachable(home);
  const Folder folder(AT_FDCWD, home);
  if (folder.owner() != 0 && folder.owner() != owners.control.uid) {
    throw std::runtime_error(
        "BUTLER_HOME=" + home.string() +
        " belongs to another user than root: start Butler as its owner, or set BUTLER_HOME");
  }
  folder.give_to(0, owners.control.gid, shared_home_mode);
  for (const char* const name : {"workspace", "sessions", "agent", "people", "groups", "worker", "vm"}) {
    make_folder(folder.fd(), name);
    const Folder inner(folder.fd(), name);
    inner.give_to(owners.agent.uid, owners.agent.gid, private_mode);
  }
  prepare_config_folder(folder.fd(), home);
  make_folder(folder.fd(), "mcp");
  const Folder tools(folder.fd(), "mcp");
  if (tools.mode() != open_mode) tools.give_to(0, 0, open_mode);
  // Where MCP servers work that the worker starts.
  make_folder(tools.fd(), "host");
  const Folder servers(tools.fd(), "host");
  servers.give_to(owners.agent.uid, owners.agent.gid, private_mode);
}

void prepare_home(const fs::path& home) {
  if (::geteuid() == 0) {
    prepare_shared_home(home, find_home_owners());
  } else {
    prepare_own_home(home);
  }
}

void prepare_agent_folder(const fs::path& folder) {
  std::error_code error;
  if (::geteuid() != 0 || fs::exists(folder, error)) return;
  const auto owners = find_home_owners();
  make_open_parents(folder);
  make_folder(AT_FDCWD, folder.c_str());
  const Folder made(AT_FDCWD, folder);
  made.give_to(owners.agent.uid, owners.agent.gid, private_mode);
}

}  // namespace butler::cli
