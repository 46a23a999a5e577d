// The kernel's files: devices, settings, its own memory.
#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "sandbox_probe/attempt.hpp"
#include "sandbox_probe/file_access.hpp"

namespace butler::sandbox_probe {

namespace {

constexpr std::array<std::string_view, 16> usual{"null", "zero",    "full", "random", "urandom", "tty",
                                                 "ptmx", "pts",     "shm",  "stdin",  "stdout",  "stderr",
                                                 "fd",   "console", ".",    ".."};

Finding foreign_devices(const Targets&) {
  DIR* const listing = ::opendir("/dev");
  if (listing == nullptr) return held("no /dev");
  std::string found;
  while (const dirent* entry = ::readdir(listing)) {
    const std::string_view name = entry->d_name;
    if (name == "core" || name == "mqueue" || std::ranges::find(usual, name) != usual.end()) continue;
    found = name;
  }
  ::closedir(listing);
  return found.empty() ? held("only what every program needs") : open_door("/dev shows " + found);
}

Finding own_group(const Targets&) {
  // Held as well where there are no control groups.
  Finding first = try_make_folder("/sys/fs/cgroup/butler-probe-new");
  if (first.result == Result::open) return first;
  return try_write("/sys/fs/cgroup/cgroup.procs");
}

constexpr std::array device_table{
    Attempt{"foreign-devices", "see the machine's devices", foreign_devices},
    Attempt{"kvm", "start virtual machines", [](const Targets&) { return try_write("/dev/kvm"); }},
    Attempt{"fuse", "serve file systems", [](const Targets&) { return try_write("/dev/fuse"); }},
    Attempt{"tun", "make network devices", [](const Targets&) { return try_write("/dev/net/tun"); }},
    Attempt{"disk", "read the disk itself",
            [](const Targets&) {
              for (const char* path : {"/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/loop0", "/dev/dm-0"}) {
                if (Finding finding = try_read(path); finding.result == Result::open) return finding;
              }
              return held("no disk can be read");
            }},
    Attempt{"memory-device", "read the machine's memory",
            [](const Targets&) { return try_read("/dev/mem"); }},
    Attempt{"kernel-memory", "read the kernel's memory",
            [](const Targets&) { return try_read("/proc/kcore"); }},
    Attempt{"kernel-messages", "read the kernel's log", [](const Targets&) { return try_read("/dev/kmsg"); }},
    Attempt{"core-pattern", "have the kernel run a program as root",
            [](const Targets&) { return try_write("/proc/sys/kernel/core_pattern"); }},
    Attempt{"module-loader", "have the kernel run another program as root",
            [](const Targets&) { return try_write("/proc/sys/kernel/modprobe"); }},
    Attempt{"sysrq", "restart the machine by a file",
            [](const Targets&) { return try_write("/proc/sysrq-trigger"); }},
    Attempt{"power", "put the machine to sleep",
            [](const Targets&) { return try_write("/sys/power/state"); }},
    Attempt{"uevent-helper", "have the kernel run a program at events",
            [](const Targets&) { return try_write("/sys/kernel/uevent_helper"); }},
    Attempt{"control-groups", "leave the limits of its control group", own_group},
};

}  // namespace

std::span<const Attempt> device_attempts() { return device_table; }

}  // namespace butler::sandbox_probe
