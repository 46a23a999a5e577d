#include "sandbox/plans.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace butler::sandbox {

namespace {

// Debian 12's headers have the calls' numbers, but not the name of this flag on every architecture.
constexpr long create_ruleset_call = 444;
constexpr unsigned ask_version = 1;

// What programs ask of the machine as a whole.
constexpr std::array general_proc_files{"cpuinfo", "filesystems", "loadavg", "meminfo",
                                        "stat",    "sys",         "uptime",  "version"};

void add_landlock_paths(InitPlan& init, Tier tier, const MountPlan& plan) {
  if (tier == Tier::bwrap) {
    // The mounts decide what is visible; this is the second layer, over what is writable.
    init.readable = {"/"};
    init.writable = {"/tmp", "/dev"};
  } else {
    init.readable = {"/dev/urandom", "/dev/random", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf"};
    // Not the processes of the machine: those of the sandbox are shown by the broker.
    for (const char* const name : general_proc_files) init.readable.push_back(std::string{"/proc/"} + name);
    init.broker_readable = {"/proc"};
    init.writable = {"/dev/null", "/dev/zero", "/dev/full", "/dev/tty"};
  }
  for (const auto& mount : plan.mounts) {
    if (mount.kind == Mount::Kind::read_only) init.readable.push_back(mount.path.string());
    if (mount.kind == Mount::Kind::read_write) init.writable.push_back(mount.path.string());
  }
}

}  // namespace

InitPlan make_init_plan(Tier tier, const Spec& spec, const MountPlan& plan, std::uint16_t port) {
  InitPlan init{.arguments = spec.arguments,
                .environment = spec.environment,
                .folder = plan.workspace.string(),
                .group = {},
                .make_listener = tier == Tier::bwrap,
                .filter = tier != Tier::none,
                .shared_kernel_names = tier == Tier::landlock,
                .landlock = tier != Tier::none,
                .landlock_required = tier == Tier::landlock,
                .connect_port = tier == Tier::landlock ? port : std::uint64_t{0},
                .readable = {},
                .writable = {},
                .broker = tier == Tier::landlock,
                .covered = plan.covered,
                .opened = plan.opened,
                .broker_readable = {},
                .memory_bytes = spec.limits.memory_bytes,
                .processes = spec.limits.processes,
                .file_bytes = spec.limits.file_bytes,
                .open_files = spec.limits.open_files};
  if (spec.listener_environment) {
    const auto more = spec.listener_environment(port);
    init.environment.insert(init.environment.end(), more.begin(), more.end());
  }
  if (init.landlock) add_landlock_paths(init, tier, plan);
  return init;
}

std::vector<std::filesystem::path> writable_folders(const Spec& spec, const MountPlan& plan) {
  std::vector<std::filesystem::path> folders{plan.workspace};
  folders.insert(folders.end(), spec.read_write.begin(), spec.read_write.end());
  return folders;
}

int landlock_of_this_kernel() {
  const long version = ::syscall(create_ruleset_call, nullptr, 0, ask_version);
  return version < 0 ? 0 : static_cast<int>(version);
}

}  // namespace butler::sandbox
