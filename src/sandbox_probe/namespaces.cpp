// Other views of the machine: new namespaces, in which a plain user has root's privileges, and new mounts.
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "sandbox_probe/attempt.hpp"
#include "sandbox_probe/file_access.hpp"

namespace butler::sandbox_probe {

namespace {

Finding by_clone(const Targets&) {
  const long child = ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (child == 0) ::_exit(0);
  if (child > 0) ::waitpid(static_cast<pid_t>(child), nullptr, 0);
  return by_result(child, "clone");
}

Finding by_clone3(const Targets&) {
  clone_args arguments{};
  arguments.flags = CLONE_NEWUSER;
  arguments.exit_signal = SIGCHLD;
  const long child = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) ::_exit(0);
  if (child > 0) ::waitpid(static_cast<pid_t>(child), nullptr, 0);
  return by_result(child, "clone3");
}

Finding other_kinds(const Targets&) {
  for (const int kind : {CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP,
                         CLONE_NEWTIME}) {
    if (::unshare(kind) == 0) return open_door("unshare succeeded");
  }
  return by_result(-1, "unshare");
}

Finding join(const Targets& targets, const char* kind) {
  const Descriptor space(
      ::open(("/proc/" + targets.text("pid") + "/ns/" + kind).c_str(), O_RDONLY | O_CLOEXEC));
  if (!space.valid()) return by_result(-1, "opening the namespace");
  return by_result(::setns(space.number(), 0), "setns");
}

Finding mount_memory(const Targets& targets) {
  const std::string folder = targets.text("workspace");
  const int result = ::mount("none", folder.c_str(), "tmpfs", 0, "size=4k");
  if (result == 0) ::umount2(folder.c_str(), MNT_DETACH);
  return by_result(result, "mount");
}

Finding remount_writable(const Targets&) {
  // Bind remounts change flags only; "/usr" becomes what it is outside of most sandboxes.
  return by_result(::mount("none", "/usr", nullptr, MS_REMOUNT | MS_BIND, nullptr), "remount");
}

Finding clone_tree(const Targets&) {
  constexpr unsigned open_tree_clone = 1;
  const Descriptor tree(
      static_cast<int>(::syscall(SYS_open_tree, AT_FDCWD, "/", open_tree_clone | O_CLOEXEC)));
  return by_result(tree.number(), "open_tree");
}

constexpr std::array namespace_table{
    Attempt{"user-namespace", "get root's privileges over new namespaces (unshare)",
            [](const Targets&) { return by_result(::unshare(CLONE_NEWUSER), "unshare"); }},
    Attempt{"user-namespace-clone", "the same by clone", by_clone},
    Attempt{"user-namespace-clone3", "the same by clone3", by_clone3},
    Attempt{"other-namespaces", "make namespaces of other kinds", other_kinds},
    Attempt{"join-mounts", "see another program's files (setns)",
            [](const Targets& t) { return join(t, "mnt"); }},
    Attempt{"join-network", "use another program's network (setns)",
            [](const Targets& t) { return join(t, "net"); }},
    Attempt{"mount", "mount a file system", mount_memory},
    Attempt{"remount", "make what is read-only writable", remount_writable},
    Attempt{"mount-new-api", "mount by the new calls",
            [](const Targets&) {
              const Descriptor made(static_cast<int>(::syscall(SYS_fsopen, "tmpfs", 1)));
              return by_result(made.number(), "fsopen");
            }},
    Attempt{"mount-clone-tree", "copy the mounts", clone_tree},
    Attempt{"unmount", "take away what covers a file",
            // Nothing is mounted there, which is looked at after the permission.
            [](const Targets&) { return by_permission(::umount2("/proc/self/status", 0), "umount2"); }},
    Attempt{"chroot", "take another root", [](const Targets&) { return by_result(::chroot("/"), "chroot"); }},
    Attempt{"pivot-root", "exchange the root",
            [](const Targets&) { return by_permission(::syscall(SYS_pivot_root, ".", "."), "pivot_root"); }},
};

}  // namespace

std::span<const Attempt> namespace_attempts() { return namespace_table; }

}  // namespace butler::sandbox_probe
