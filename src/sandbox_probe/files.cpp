// What lies on the user's disk.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "sandbox_probe/attempt.hpp"
#include "sandbox_probe/file_access.hpp"

namespace butler::sandbox_probe {

namespace {

std::string ssh_key(const Targets& targets) { return targets.text("home") + "/.ssh/id_ed25519"; }

Finding planted_link(const Targets& targets) {
  const std::string link = targets.text("workspace") + "/probe-link";
  if (::symlink(ssh_key(targets).c_str(), link.c_str()) != 0) return held("no link can be made");
  Finding finding = try_read(link);
  ::unlink(link.c_str());
  return finding;
}

Finding hard_link(const Targets& targets) {
  const std::string link = targets.text("workspace") + "/probe-hard-link";
  const int result = ::link(ssh_key(targets).c_str(), link.c_str());
  Finding finding = by_result(result, "link");
  if (result == 0) ::unlink(link.c_str());
  return finding;
}

Finding through_parent(const Targets& targets) {
  const Descriptor folder(::open(targets.text("workspace").c_str(), O_PATH | O_CLOEXEC));
  const Descriptor key(::openat(folder.number(), "../../home/.ssh/id_ed25519", O_RDONLY | O_CLOEXEC));
  return by_result(key.number(), "openat from the workspace upwards");
}

Finding through_root_of(const std::string& process, const Targets& targets) {
  return try_read("/proc/" + process + "/root" + ssh_key(targets));
}

/// The numbers beyond the three of every program that were open when it started.
std::vector<int> inherited() {
  std::vector<int> found;
  DIR* const listing = ::opendir("/proc/self/fd");
  if (listing == nullptr) return found;
  while (const dirent* entry = ::readdir(listing)) {
    int number = 0;
    if (std::sscanf(entry->d_name, "%d", &number) != 1 || number <= 2 || number == ::dirfd(listing)) continue;
    // Our own ones are all closed on exec.
    if ((::fcntl(number, F_GETFD) & FD_CLOEXEC) == 0) found.push_back(number);
  }
  ::closedir(listing);
  return found;
}

Finding inherited_descriptor(const Targets&) {
  const auto found = inherited();
  if (found.empty()) return held("only the three of every program");
  return open_door("descriptor " + std::to_string(found.front()) + " came along");
}

Finding inherited_folder(const Targets&) {
  for (const int number : inherited()) {
    const Descriptor key(::openat(number, "id_ed25519", O_RDONLY | O_CLOEXEC));
    if (key.valid()) return open_door("an inherited folder leads to the key");
  }
  return held("no inherited folder");
}

Finding standard_streams(const Targets&) {
  for (int number = 0; number <= 2; ++number) {
    std::array<char, 4096> path{};
    const auto length =
        ::readlink(("/proc/self/fd/" + std::to_string(number)).c_str(), path.data(), path.size() - 1);
    if (length > 0 && path[0] == '/' && std::strncmp(path.data(), "/dev/null", 9) != 0) {
      return open_door(std::string{"a standard stream is the host's "} + path.data());
    }
  }
  return held("pipes");
}

Finding by_handle(const Targets& targets) {
  struct {
    file_handle handle;
    unsigned char bytes[MAX_HANDLE_SZ];
  } named{};
  named.handle.handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  if (::name_to_handle_at(AT_FDCWD, targets.text("workspace").c_str(), &named.handle, &mount, 0) != 0) {
    return held(std::string{"name_to_handle_at: "} + std::strerror(errno));
  }
  const Descriptor folder(::open(targets.text("workspace").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Descriptor opened(::open_by_handle_at(folder.number(), &named.handle, O_RDONLY | O_CLOEXEC));
  return by_result(opened.number(), "open_by_handle_at");
}

Finding rename_in(const Targets& targets) {
  const std::string there = targets.text("outside") + "/file";
  const std::string here = targets.text("workspace") + "/probe-renamed";
  if (::rename(there.c_str(), here.c_str()) != 0) return by_result(-1, "rename");
  static_cast<void>(::rename(here.c_str(), there.c_str()));
  return open_door("a file of the host's can be moved into the workspace");
}

Finding change_mode(const Targets& targets) {
  const std::string path = targets.text("outside") + "/file";
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return by_result(-1, "stat");
  return by_result(::chmod(path.c_str(), status.st_mode & 07777), "chmod");
}

constexpr std::array file_table{
    Attempt{"ssh-key", "read the user's SSH key", [](const Targets& t) { return try_read(ssh_key(t)); }},
    Attempt{"cloud-credentials", "read the user's cloud credentials",
            [](const Targets& t) { return try_read(t.text("home") + "/.aws/credentials"); }},
    Attempt{"env-file", "read an .env in the user's home",
            [](const Targets& t) { return try_read(t.text("home") + "/.env"); }},
    Attempt{"home-listing", "list the user's home",
            [](const Targets& t) { return try_list(t.text("home"), ".ssh"); }},
    Attempt{"home-start-up-file", "write what the user's shell runs next time",
            [](const Targets& t) { return try_write(t.text("home") + "/.bashrc"); }},
    Attempt{"home-new-file", "make a file in the user's home",
            [](const Targets& t) { return try_create(t.text("home") + "/.probe-new"); }},
    Attempt{"shadow", "read the machine's password hashes",
            [](const Targets&) { return try_read("/etc/shadow"); }},
    Attempt{"root-home", "list root's home", [](const Targets&) { return try_list("/root", ".bashrc"); }},
    Attempt{"other-file", "read a file of another program",
            [](const Targets& t) { return try_read(t.text("outside") + "/file"); }},
    Attempt{"other-file-write", "write a file of another program",
            [](const Targets& t) { return try_write(t.text("outside") + "/file"); }},
    Attempt{"other-folder-write", "make a file outside of the workspace",
            [](const Targets& t) { return try_create(t.text("outside") + "/probe-new"); }},
    Attempt{"other-file-mode", "change the mode of a file outside", change_mode},
    Attempt{"other-file-rename", "take a file from outside", rename_in},
    Attempt{"temporary-listing", "see what other programs keep in /tmp",
            [](const Targets& t) {
              const std::string name = t.text("temporary-name");
              return name.empty() ? skipped("nothing could be put there")
                                  : try_list(t.text("temporary"), name);
            }},
    Attempt{"shared-memory-file", "read another program's file in /dev/shm",
            [](const Targets& t) { return try_read("/dev/shm/" + t.text("shm-name")); }},
    Attempt{"system-write", "replace a program of the system",
            [](const Targets&) { return try_create("/usr/bin/butler-probe-new"); }},
    Attempt{"configuration-write", "change the system's configuration",
            [](const Targets&) { return try_create("/etc/butler-probe-new"); }},
    Attempt{"link-to-key", "read the key through a link in the workspace", planted_link},
    Attempt{"hard-link-to-key", "keep the key by a second name", hard_link},
    Attempt{"parent-folder", "walk out of the workspace by ..", through_parent},
    Attempt{"root-of-self", "read the key through /proc/self/root",
            [](const Targets& t) { return through_root_of("self", t); }},
    Attempt{"root-of-first", "read the key through /proc/1/root",
            [](const Targets& t) { return through_root_of("1", t); }},
    Attempt{"root-of-other", "read the key through another process's root",
            [](const Targets& t) { return through_root_of(t.text("pid"), t); }},
    Attempt{"file-handle", "open files by their handle, past every folder", by_handle},
    Attempt{"inherited-descriptor", "use a descriptor that the parent left open", inherited_descriptor},
    Attempt{"inherited-folder", "read the key through a folder that the parent left open", inherited_folder},
    Attempt{"standard-streams", "see the host's paths behind stdin, stdout and stderr", standard_streams},
};

}  // namespace

std::span<const Attempt> file_attempts() { return file_table; }

}  // namespace butler::sandbox_probe
