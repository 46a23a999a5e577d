#include <algorithm>
#include <array>

#include "policy/programs.hpp"

/// Package managers, and programs that need rights that the agent does not have.
namespace butler::policy {

namespace {

/// `installs`: subcommands that fetch and install; `runs`: those that run the workspace's own scripts;
/// `reads`: those that only look.
struct PackageManager {
  std::string_view name;
  std::string_view installs;
  std::string_view runs = "";
  std::string_view reads = "";
};

constexpr std::string_view look =
    "list|ls|show|search|info|view|outdated|why|explain|help|freeze|policy|config|-v|--version|root|bin|"
    "prefix";

constexpr std::array managers{
    PackageManager{
        "npm",
        "install|i|in|add|ci|exec|x|update|upgrade|up|uninstall|remove|rm|link|rebuild|audit|dedupe|init|"
        "create|install-test|it|pack|publish",
        "run|run-script|test|t|start|stop|restart", look},
    PackageManager{"pnpm", "install|i|add|update|up|remove|rm|import|dlx|create", "run|test|start|exec",
                   look},
    PackageManager{"yarn", "install|add|upgrade|remove|global|create|dlx|up", "run|test|start|exec", look},
    PackageManager{"corepack", "enable|prepare|use|install"},
    PackageManager{"pip", "install|download|uninstall|wheel", "", look},
    PackageManager{"pip3", "install|download|uninstall|wheel", "", look},
    PackageManager{"pipx", "install|upgrade|inject|uninstall|reinstall", "run", "list"},
    PackageManager{"uv", "add|sync|pip|tool|remove|lock|python|venv|init", "run", "version|tree"},
    PackageManager{"poetry", "add|install|update|remove|lock", "run|build|shell", look},
    PackageManager{"pipenv", "install|update|uninstall|sync|lock", "run|shell"},
    PackageManager{"conda", "install|create|update|remove|env", "run", look},
    PackageManager{"mamba", "install|create|update|remove|env", "run", look},
    PackageManager{"cargo", "install|add|update|fetch|uninstall|remove",
                   "build|run|test|bench|check|clippy|doc|fmt|b|r|t|c",
                   "tree|metadata|search|version|--version"},
    PackageManager{"go", "get|install|mod", "build|run|test|generate|vet|tool|fmt|work",
                   "version|env|list|doc|help"},
    PackageManager{"gem", "install|update|uninstall|fetch|build|push", "exec", look},
    PackageManager{"bundle", "install|update|add|remove", "exec", look},
    PackageManager{"composer", "install|update|require|remove|create-project|global", "run-script|exec",
                   look},
    PackageManager{"cpan", "*"},
    PackageManager{"cpanm", "*"},
    PackageManager{"luarocks", "install|remove|build"},
    PackageManager{"brew", "install|upgrade|update|uninstall|tap|reinstall", "", look},
    PackageManager{"rustup", "*"},
    PackageManager{"nvm", "*"},
    PackageManager{"asdf", "*"},
    PackageManager{"opam", "*"},
    PackageManager{"mix", "deps.get|archive.install|local.hex", "test|run|compile"},
    PackageManager{"cabal", "install|update", "build|run|test"},
    PackageManager{"stack", "install|update", "build|run|test"},
    PackageManager{"apt",
                   "install|update|upgrade|remove|purge|autoremove|full-upgrade|build-dep|source|download",
                   "", look},
    PackageManager{"apt-get",
                   "install|update|upgrade|remove|purge|autoremove|dist-upgrade|build-dep|source|download"},
    PackageManager{"apt-cache", "", "", "search|show|policy|depends|rdepends|pkgnames|madison|showpkg|stats"},
    PackageManager{"aptitude", "*"},
    PackageManager{"dpkg", "-i|--install|-r|-P|--purge|--configure|--unpack", "",
                   "-l|-L|-S|-s|--list|--status|--search|--print-architecture|-p"},
    PackageManager{"yum", "*"},
    PackageManager{"dnf", "*"},
    PackageManager{"rpm", "*"},
    PackageManager{"zypper", "*"},
    PackageManager{"apk", "*"},
    PackageManager{"pacman", "*"},
    PackageManager{"snap", "*"},
    PackageManager{"flatpak", "*"},
    PackageManager{"nix", "*"},
    PackageManager{"nix-env", "*"},
    PackageManager{"guix", "*"},
    PackageManager{"easy_install", "*"},
};

/// npx and its like fetch a program and run it.
void fetch_and_run(Walk& walk, const Call& call) {
  walk.note_wrapper();
  walk.note(call, CommandClass::package_install, "fetches a program and runs it");
  walk.note_host(call, "");
  walk.note_unknown(call, "runs a program of others");
}

void manage_packages(Walk& walk, const Call& call) {
  const auto* const manager =
      std::ranges::find_if(managers, [&](const auto& one) { return one.name == call.name; });
  if (manager == managers.end()) return;
  const auto found = read_options(call.arguments, "C|--prefix|--cwd|--dir|--filter|--manifest-path");
  const auto install = [&] {
    walk.note(call, CommandClass::package_install, "installs software with " + call.name);
    walk.note_host(call, "");
  };
  const auto* const first = call.arguments.empty() ? nullptr : call.arguments.front().plain();
  if (first != nullptr && call.arguments.size() == 1 &&
      lists("--version|-v|-V|--help|-h|version|help", *first)) {
    return walk.note(call, CommandClass::read, "asks for a version");
  }
  if (manager->installs == "*") return install();
  const auto* const operand = found.operands.empty() ? nullptr : found.operands.front().plain();
  const auto is = [&](std::string_view list) {
    return (operand != nullptr && lists(list, *operand)) || (first != nullptr && lists(list, *first));
  };
  const bool runs_it = lists("npm|pnpm|yarn|corepack", call.name) && is("exec|x|dlx|create|init");
  if (runs_it) return fetch_and_run(walk, call);
  if (is(manager->installs)) return install();
  if (is(manager->runs)) {
    walk.note_wrapper();
    const bool script = lists("npm|pnpm|yarn", call.name);
    if (script) walk.note_execution(call, {.texts = {"package.json"}});
    return walk.note_unknown(call, "runs what the files of the workspace say");
  }
  if (is(manager->reads) && !found.uncertain && found.options.empty() && !is("config")) {
    walk.note(call, CommandClass::read, "looks at packages");
    // Many of these ask the registry.
    return is("view|search|outdated|info|show") && !lists("pip|pip3|dpkg|apt|apt-cache", call.name)
               ? walk.note_host(call, "")
               : void();
  }
  if (operand == nullptr && call.name == "yarn") return install();
  walk.note_unknown(call, "uses " + call.name + " in a way that was not looked into");
}

/// sudo and its like: the program inside is looked into as well.
struct Elevation {
  std::string_view name;
  std::string_view values = "";
  std::size_t skipped = 0;
};

constexpr std::array elevations{
    Elevation{"sudo", "u|g|p|C|h|r|t|T|U|R|D|--user|--group|--chdir"},
    Elevation{"doas", "u|C"},
    Elevation{"pkexec", "--user"},
    Elevation{"runuser", "u|g|G|s|--user|--group|--shell"},
    Elevation{"setpriv", "--reuid|--regid|--groups|--inh-caps|--bounding-set"},
    Elevation{"capsh", ""},
    Elevation{"chroot", "--userspec|--groups", 1},
    Elevation{"unshare", "S|G|R|w|--root|--wd"},
    Elevation{"nsenter", "t|S|G|r|w|--target"},
    Elevation{"systemd-run", "p|u|E|--unit|--property|--setenv"},
    Elevation{"gosu", "", 1},
    Elevation{"su-exec", "", 1},
    Elevation{"sg", "", 1},
    Elevation{"bwrap", ""},
    Elevation{"proot", "r|b|w|q|R|S"},
    Elevation{"firejail", ""},
};

void elevate(Walk& walk, const Call& call) {
  const auto* const elevation =
      std::ranges::find_if(elevations, [&](const auto& one) { return one.name == call.name; });
  walk.note_wrapper();
  walk.note(call, CommandClass::privilege, "asks for other rights with " + call.name);
  if (elevation == elevations.end()) return;
  auto found = read_leading_options(call.arguments, elevation->values);
  auto& operands = found.operands;
  std::size_t at = std::min(elevation->skipped, operands.size());
  while (at < operands.size() && operands[at].plain() != nullptr &&
         operands[at].plain()->find('=') != std::string::npos)
    ++at;
  if (at >= operands.size()) return;
  walk.in_subshell(
      [&] { walk.run_program({operands.begin() + static_cast<std::ptrdiff_t>(at), operands.end()}); });
}

/// su -c TEXT.
void become(Walk& walk, const Call& call) {
  walk.note_wrapper();
  walk.note(call, CommandClass::privilege, "becomes another user");
  for (const auto& option : read_options(call.arguments, "c|s|g|G|--command|--shell").options) {
    if (lists_option("c|--command", option.name) && option.value.plain() != nullptr) {
      walk.in_subshell([&] { walk.run_text(*option.value.plain()); });
    }
  }
}

void administer(Walk& walk, const Call& call) {
  walk.note(call, CommandClass::privilege, "administers the system with " + call.name);
}

void destroy_disk(Walk& walk, const Call& call) {
  walk.note(call, CommandClass::privilege, "administers disks");
  walk.note(call, CommandClass::destructive, "overwrites a disk");
}

constexpr std::array administrators{"mount",
                                    "umount",
                                    "insmod",
                                    "modprobe",
                                    "rmmod",
                                    "sysctl",
                                    "systemctl",
                                    "service",
                                    "useradd",
                                    "usermod",
                                    "userdel",
                                    "adduser",
                                    "deluser",
                                    "groupadd",
                                    "passwd",
                                    "chpasswd",
                                    "visudo",
                                    "iptables",
                                    "ip6tables",
                                    "nft",
                                    "ip",
                                    "ifconfig",
                                    "route",
                                    "crontab",
                                    "at",
                                    "batch",
                                    "docker",
                                    "podman",
                                    "nerdctl",
                                    "lxc",
                                    "machinectl",
                                    "loginctl",
                                    "timedatectl",
                                    "hostnamectl",
                                    "reboot",
                                    "shutdown",
                                    "poweroff",
                                    "halt",
                                    "init",
                                    "telinit",
                                    "setcap",
                                    "setfacl",
                                    "chattr",
                                    "swapon",
                                    "swapoff",
                                    "losetup",
                                    "kexec",
                                    "dmesg",
                                    "journalctl",
                                    "update-alternatives",
                                    "ldconfig",
                                    "update-rc.d",
                                    "virsh",
                                    "qemu-system-x86_64",
                                    "gpasswd",
                                    "newgrp",
                                    "chsh",
                                    "vipw",
                                    "setenforce",
                                    "semanage",
                                    "apparmor_parser",
                                    "keyctl",
                                    "bpftool",
                                    "renice",
                                    "prlimit"};
constexpr std::array disk_tools{
    "mkfs",     "mkfs.ext4", "mkfs.ext3", "mkfs.xfs", "mkfs.btrfs", "mkfs.vfat", "mke2fs",     "mkswap",
    "fdisk",    "sfdisk",    "parted",    "wipefs",   "blkdiscard", "hdparm",    "cryptsetup", "lvremove",
    "vgremove", "pvremove",  "mdadm",     "zpool",    "badblocks",  "gdisk",     "sgdisk"};
constexpr std::array runners{"npx", "pnpx", "bunx", "uvx"};

constexpr auto make_packages() {
  std::array<Program, managers.size() + runners.size()> programs{};
  std::size_t at = 0;
  for (const auto& manager : managers) programs[at++] = {manager.name, manage_packages};
  for (const auto* const name : runners) programs[at++] = {name, fetch_and_run};
  return programs;
}

constexpr auto make_privileged() {
  std::array<Program, elevations.size() + administrators.size() + disk_tools.size() + 1> programs{};
  std::size_t at = 0;
  for (const auto& elevation : elevations) programs[at++] = {elevation.name, elevate};
  for (const auto* const name : administrators) programs[at++] = {name, administer};
  for (const auto* const name : disk_tools) programs[at++] = {name, destroy_disk};
  programs[at++] = {"su", become};
  return programs;
}

}  // namespace

std::span<const Program> package_programs() {
  static constexpr auto programs = make_packages();
  return programs;
}

std::span<const Program> privilege_programs() {
  static constexpr auto programs = make_privileged();
  return programs;
}

}  // namespace butler::policy
