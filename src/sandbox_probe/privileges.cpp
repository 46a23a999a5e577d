// What root may, and ways to become root.
#include <fcntl.h>
#include <grp.h>
#include <sys/acct.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "sandbox_probe/attempt.hpp"
#include "sandbox_probe/file_access.hpp"
#include "sandbox_probe/main.hpp"

namespace butler::sandbox_probe {

namespace {

std::string status_line(const char* name) {
  const std::string status = read_file("/proc/self/status");
  const auto begin = status.find(std::string{"\n"} + name + ":\t");
  if (begin == std::string::npos) return {};
  const auto value = begin + std::strlen(name) + 3;
  return status.substr(value, status.find('\n', value) - value);
}

Finding setuid_program(const Targets& targets) {
  const std::string program = targets.text("setuid-program");
  if (program.empty()) return skipped("only root can plant such a program");
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl(program.c_str(), program.c_str(), setuid_command, nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  const bool root = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return root ? open_door("a setuid program runs as root") : held("a setuid program gains nothing");
}

Finding make_device(const Targets& targets, mode_t kind, unsigned major, unsigned minor) {
  const std::string path = targets.text("workspace") + "/probe-device";
  const int result = ::mknod(path.c_str(), kind | 0600, makedev(major, minor));
  if (result == 0) ::unlink(path.c_str());
  return by_result(result, "mknod");
}

Finding give_capability(const Targets& targets) {
  const std::string path = targets.text("workspace") + "/probe-capability";
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  // vfs_cap_data of revision 2, with no capability in it.
  const std::array<unsigned char, 20> nothing{0, 0, 0, 2};
  const int result = ::fsetxattr(file.number(), "security.capability", nothing.data(), nothing.size(), 0);
  Finding finding = by_result(result, "fsetxattr");
  ::unlink(path.c_str());
  return finding;
}

Finding change_clock(const Targets&) {
  // A tick that no clock has: it is looked at after the permission.
  timex change{};
  change.modes = ADJ_TICK;
  change.tick = 1;
  return by_permission(::adjtimex(&change), "adjtimex");
}

Finding change_host_name(const Targets&) {
  utsname names{};
  ::uname(&names);
  return by_result(::sethostname(names.nodename, std::strlen(names.nodename)), "sethostname");
}

constexpr std::array privilege_table{
    Attempt{"root", "act as root",
            [](const Targets&) { return ::geteuid() == 0 ? open_door("runs as user 0") : held("not root"); }},
    Attempt{"capabilities", "use a privilege of root's",
            [](const Targets&) {
              const std::string effective = status_line("CapEff");
              if (effective.empty()) return held("not to be seen");
              const bool none = effective.find_first_not_of('0') == std::string::npos;
              return none ? held("none") : open_door("has capabilities " + effective);
            }},
    Attempt{"no-new-privileges", "gain privileges from a setuid program",
            [](const Targets&) {
              const bool set = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
              return set ? held("no_new_privs is set") : open_door("no_new_privs is not set");
            }},
    Attempt{"setuid-program", "become root by a setuid program", setuid_program},
    Attempt{"setuid", "become root by asking for it",
            [](const Targets&) { return by_result(::setuid(0), "setuid"); }},
    Attempt{"setgroups", "leave its groups",
            [](const Targets&) { return by_result(::setgroups(0, nullptr), "setgroups"); }},
    Attempt{"mknod-character", "make a device for the kernel's memory",
            [](const Targets& t) { return make_device(t, S_IFCHR, 1, 1); }},
    Attempt{"mknod-block", "make a device for the disk",
            [](const Targets& t) { return make_device(t, S_IFBLK, 8, 0); }},
    Attempt{"file-capability", "give a program privileges", give_capability},
    Attempt{"load-module", "load code into the kernel",
            [](const Targets&) {
              return by_permission(::syscall(SYS_init_module, nullptr, 0UL, ""), "init_module");
            }},
    Attempt{
        "load-module-file", "the same from a file",
        [](const Targets&) { return by_permission(::syscall(SYS_finit_module, -1, "", 0), "finit_module"); }},
    Attempt{"unload-module", "take code out of the kernel",
            [](const Targets&) {
              return by_permission(::syscall(SYS_delete_module, "butler_probe_none", 0), "delete_module");
            }},
    Attempt{"kexec", "start another kernel",
            [](const Targets&) {
              return by_permission(::syscall(SYS_kexec_load, 0UL, ~0UL, nullptr, ~0UL), "kexec_load");
            }},
    Attempt{"reboot", "restart the machine",
            // The magic numbers are wrong, which is looked at after the permission.
            [](const Targets&) { return by_permission(::syscall(SYS_reboot, 1, 2, 3, nullptr), "reboot"); }},
    Attempt{"swap-on", "add swap",
            [](const Targets&) { return by_permission(::swapon("/butler-probe-none", 0), "swapon"); }},
    Attempt{"swap-off", "take away swap",
            [](const Targets&) { return by_permission(::swapoff("/butler-probe-none"), "swapoff"); }},
    Attempt{"accounting", "record what everybody runs",
            [](const Targets&) { return by_permission(::acct("/butler-probe-none"), "acct"); }},
    Attempt{"clock", "change the machine's clock", change_clock},
    Attempt{"host-name", "change the machine's name", change_host_name},
};

}  // namespace

std::span<const Attempt> privilege_attempts() { return privilege_table; }

}  // namespace butler::sandbox_probe
