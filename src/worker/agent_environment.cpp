#include "worker/agent_environment.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>

#include "files/throw_errno.hpp"
#include "files/whole_file.hpp"
#include "log/log.hpp"
#include "process/process_tree.hpp"
#include "process/role.hpp"
#include "worker/agent_files.hpp"
#include "worker/private_files.hpp"

namespace butler::worker {

namespace fs = std::filesystem;

namespace {

// Retries of the provider are pi's; what pi would change by command would leak from job to job, so it stands
// here.
constexpr std::string_view first_settings =
    "{\n"
    "  \"defaultProjectTrust\": \"never\",\n"
    "  \"enableInstallTelemetry\": false,\n"
    "  \"retry\": {\"enabled\": true, \"maxRetries\": 3},\n"
    "  \"compaction\": {\"enabled\": true}\n"
    "}\n";

constexpr std::size_t environment_bytes = 256 * 1024;
constexpr std::size_t settings_bytes = 1024 * 1024;

bool is_inside(const fs::path& path, const fs::path& folder) {
  const auto inner = fs::weakly_canonical(path);
  const auto outer = fs::weakly_canonical(folder);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

bool has_variable(pid_t pid, std::string_view assignment) {
  const fs::path file = fs::path{"/proc"} / std::to_string(pid) / "environ";
  const files::Descriptor fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd.is_open()) return false;
  std::string environment;
  try {
    environment = read_at_most(fd.get(), environment_bytes, file);
  } catch (const std::system_error&) {
    return false;  // it has ended meanwhile
  }
  for (std::size_t begin = 0; begin < environment.size();) {
    const auto end = std::min(environment.find('\0', begin), environment.size());
    if (std::string_view{environment}.substr(begin, end - begin) == assignment) return true;
    begin = end + 1;
  }
  return false;
}

/// The folder's lock; a closed descriptor when somebody else has it.
files::Descriptor lock_folder(const fs::path& folder) {
  files::Descriptor fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (fd.is_open() && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return {};
  return fd;
}

void remove_folder(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  if (error) log::warn("scratch.kept", {{"folder", folder.string()}, {"error", error.message()}});
}

/// SIGKILL for every process that has this folder as its TMPDIR.
void kill_marked(const fs::path& folder) {
  const std::string mark = "TMPDIR=" + folder.string();
  // A stray may fork while it is looked for: again until a round finds none.
  for (int round = 0; round < 8; ++round) {
    bool found = false;
    for (const auto& entry : process::list_processes()) {
      if (entry.state == 'Z' || !has_variable(entry.pid, mark)) continue;
      // The descriptor holds the process that the number means now; asked again, it is the marked one or
      // none.
      const files::Descriptor pidfd{static_cast<int>(::syscall(SYS_pidfd_open, entry.pid, 0))};
      if (!pidfd.is_open() || !has_variable(entry.pid, mark)) continue;
      found = ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0) == 0 || found;
    }
    if (!found) return;
  }
}

}  // namespace

AgentHome prepare_agent_home(const fs::path& butler_home) {
  AgentHome home{.folder = butler_home / "agent",
                 .user_home = {},
                 .scratch = {},
                 .tool_gate = {},
                 .send_file = {},
                 .commands = {}};
  home.user_home = home.folder / "home";
  home.scratch = home.folder / "tmp";
  const auto extensions = home.folder / "extensions-butler";
  home.tool_gate = extensions / "tool_gate.ts";
  home.send_file = extensions / "send_file.ts";
  home.commands = home.folder / "commands-butler";
  for (const auto& folder : {home.folder, home.user_home, home.scratch, extensions, home.commands})
    make_private_folder(folder);
  for (const auto& extension : {home.tool_gate, home.send_file})
    files::write_whole_file(extension, agent_file(extension.filename().string()));
  files::write_whole_file(home.commands / "send-file", agent_file("send-file.sh"), 0700);
  files::write_whole_file_once(home.folder / "settings.json", first_settings);
  return home;
}

std::optional<std::string> workspace_problem(const config::WorkerSettings& settings) {
  const std::string workspace = settings.workspace.string();
  if (is_inside(settings.home, settings.workspace)) {
    return "PI_WORKSPACE (" + workspace + ") contains Butler's state (" + settings.home.string() +
           "), which an agent must not reach: choose a folder of its own";
  }
  if (is_inside(settings.session_root, settings.workspace)) {
    return "PI_WORKSPACE (" + workspace + ") contains PI_SESSION_ROOT: choose a folder of its own";
  }
  if (fs::exists(settings.workspace / ".env")) {
    return "PI_WORKSPACE (" + workspace +
           ") contains a .env file, which an agent must not read: choose a folder of "
           "its own";
  }
  return std::nullopt;
}

Scratch::Scratch(const fs::path& parent) : folder_(parent / process::random_hex(8)) {
  make_private_folder(folder_);
  make_private_folder(folder_ / "home");
  lock_ = lock_folder(folder_);
  if (!lock_.is_open()) files::throw_errno(folder_.string());
}

Scratch::~Scratch() {
  kill_strays();
  remove_folder(folder_);
}

void Scratch::kill_strays() const { kill_marked(folder_); }

void clear_abandoned_scratch(const fs::path& parent) {
  for (const auto& entry : fs::directory_iterator(parent)) {
    if (entry.is_symlink() || !entry.is_directory()) continue;
    const files::Descriptor lock = lock_folder(entry.path());
    if (!lock.is_open()) continue;  // its worker lives
    log::info("scratch.abandoned", {{"folder", entry.path().string()}});
    kill_marked(entry.path());
    remove_folder(entry.path());
  }
}

fs::path make_agent_folder(const AgentHome& home, const fs::path& scratch) {
  const auto folder = scratch / "pi";
  make_private_folder(folder);
  const auto settings = read_file(home.folder / "settings.json", settings_bytes);
  files::write_whole_file(folder / "settings.json", settings.value_or(std::string{first_settings}));
  for (const char* const name : {"skills", "prompts", "SYSTEM.md"}) {
    if (fs::exists(home.folder / name)) fs::create_symlink(home.folder / name, folder / name);
  }
  return folder;
}

std::vector<std::string> command_environment(const config::WorkerSettings& settings, const AgentHome& home,
                                             const fs::path& scratch) {
  // The runtime comes last: its node serves a script that needs one, and hides nothing of the system's.
  std::vector<std::string> environment{
      "PATH=" + home.commands.string() + ":" + settings.mcp_bin_dir.string() +
          ":/usr/local/bin:/usr/bin:/bin:" + (settings.home / "runtime" / "bin").string(),
      "HOME=" + (scratch / "home").string(),
      "LANG=C.UTF-8",
      "SHELL=/bin/bash",
      "TMPDIR=" + scratch.string(),
      // Where it is in sight but must not be read (landlock), git would not go on.
      "GIT_CONFIG_NOSYSTEM=1",
  };
  if (!settings.time_zone.empty()) environment.push_back("TZ=" + settings.time_zone);
  return environment;
}

std::vector<std::string> pi_environment(const config::WorkerSettings& settings, const AgentHome& home,
                                        const fs::path& scratch, const fs::path& agent_folder) {
  auto environment = command_environment(settings, home, scratch);
  for (const char* setting : {"PI_OFFLINE=1", "PI_SKIP_VERSION_CHECK=1", "PI_TELEMETRY=0"}) {
    environment.emplace_back(setting);
  }
  environment.push_back("PI_CODING_AGENT_DIR=" + agent_folder.string());
  return environment;
}

}  // namespace butler::worker
