#include "sandbox/control_groups.hpp"

#include <chrono>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include "log/log.hpp"

namespace butler::sandbox {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view main_name = "butler-main";
constexpr std::string_view agents_name = "butler-agents";
constexpr std::string_view worker_name = "worker";
constexpr std::string_view sandbox_name = "sandbox-";
// bubblewrap and butler-sandbox-init are in the group as well.
constexpr std::uint64_t processes_of_ours = 4;
constexpr int rounds = 40;
constexpr std::chrono::milliseconds round_length{5};

using Problem = std::optional<std::string>;

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream words{text};
  std::vector<std::string> found;
  for (std::string word; words >> word;) found.push_back(word);
  return found;
}

/// Somebody's shell or terminal is not moved about.
Problem strangers_in(const GroupFiles& files, const fs::path& group, pid_t self) {
  const auto own = files.read("/proc/" + std::to_string(self) + "/comm");
  for (const auto& pid : words_of(files.read(group / "cgroup.procs"))) {
    const auto name = files.read("/proc/" + pid + "/comm");
    if (name != own) return "other programs than Butler's are in its group " + group.string();
  }
  return std::nullopt;
}

Problem failed(const std::string& what, const std::error_code& error) {
  if (!error) return std::nullopt;
  return what + ": " + error.message();
}

/// A group with processes of its own cannot limit groups in it.
Problem empty_into(const GroupFiles& files, const fs::path& from, const fs::path& to) {
  for (int round = 0; round < rounds; ++round) {
    const auto left = words_of(files.read(from / "cgroup.procs"));
    if (left.empty()) return std::nullopt;
    for (const auto& pid : left) {
      const auto error = files.write(to / "cgroup.procs", pid);
      if (error && error != std::errc::no_such_process) return failed(to.string(), error);
    }
  }
  return from.string() + " does not get empty";
}

Problem enable(const GroupFiles& files, const fs::path& group) {
  return failed(group.string(), files.write(group / "cgroup.subtree_control", "+memory +pids"));
}

/// Ends what is in a group, and removes it.
void end_group(const GroupFiles& files, const fs::path& group) {
  const auto killed = files.write(group / "cgroup.kill", "1");
  for (int round = 0; round < rounds; ++round) {
    const auto removed = files.remove_folder(group);
    if (!removed || removed == std::errc::no_such_file_or_directory) return;
    std::this_thread::sleep_for(round_length);  // the killed are still on their way out
  }
  // The next worker tries again.
  log::warn("sandbox.group_left",
            {{"group", group.string()}, {"error", killed ? killed.message() : "it does not get empty"}});
}

/// "sandbox-<worker>-<number>": the worker's pid is in the name, because there may be several.
std::string name_of(pid_t worker, std::uint64_t number) {
  return std::string{sandbox_name} + std::to_string(worker) + "-" + std::to_string(number);
}

/// Those of workers that were killed.
void end_abandoned(const GroupFiles& files, const fs::path& agents, pid_t self) {
  const auto own = files.read("/proc/" + std::to_string(self) + "/comm");
  for (const auto& name : files.list(agents)) {
    if (!name.starts_with(sandbox_name)) continue;
    const auto worker = name.substr(sandbox_name.size(), name.rfind('-') - sandbox_name.size());
    const bool lives = worker != std::to_string(self) && files.read("/proc/" + worker + "/comm") == own;
    if (!lives) end_group(files, agents / name);
  }
}

/// The group that was left to Butler: the one that this process was started in.
std::expected<fs::path, std::string> find_own(const GroupFiles& files, pid_t self) {
  const auto path = group_path(files.read("/proc/" + std::to_string(self) + "/cgroup"));
  const auto mount = group_mount(files.read("/proc/" + std::to_string(self) + "/mountinfo"));
  if (!path || !mount) return std::unexpected("this machine has no control groups of version 2");
  fs::path group = *mount / fs::path{*path}.relative_path();
  if (group.filename() == main_name) group = group.parent_path();  // a worker that was started anew
  const auto missing = missing_controllers(files.read(group / "cgroup.controllers"));
  if (!missing.empty()) {
    return std::unexpected("the controller '" + missing.front() + "' is not available in " + group.string());
  }
  if (!files.is_ours(group))
    return std::unexpected(group.string() + " is not delegated (systemd: Delegate=yes)");
  return group;
}

}  // namespace

ControlGroup::ControlGroup(std::shared_ptr<const GroupFiles> files, fs::path folder)
    : files_(std::move(files)), folder_(std::move(folder)) {}

ControlGroup::~ControlGroup() { end_group(*files_, folder_); }

bool ControlGroup::ran_out_of_memory() const {
  const auto events = files_->read(folder_ / "memory.events");
  return event_count(events, "oom_kill") > 0 || event_count(events, "oom_group_kill") > 0;
}

ControlGroups::ControlGroups(std::shared_ptr<const GroupFiles> files, fs::path folder, pid_t self)
    : files_(std::move(files)), folder_(std::move(folder)), self_(self) {}

std::expected<ControlGroups, std::string> ControlGroups::divide(GroupFiles files, pid_t self, uid_t user,
                                                                gid_t group_id) {
  const auto own = find_own(files, self);
  if (!own) return std::unexpected(own.error());
  const fs::path main = *own / main_name;
  const fs::path agents = *own / agents_name;
  const fs::path worker = agents / worker_name;
  const auto put_self = [&] {
    return failed(worker.string(), files.write(worker / "cgroup.procs", std::to_string(self)));
  };
  const auto make = [&](const fs::path& path) { return failed(path.string(), files.make_folder(path)); };
  const auto give = [&](const fs::path& path) {
    return failed(path.string(), files.give_to(path, user, group_id));
  };

  auto problem = strangers_in(files, *own, self);
  if (!problem) problem = make(main);
  if (!problem) problem = empty_into(files, *own, main);
  if (!problem) problem = enable(files, *own);
  if (!problem) problem = make(agents);
  if (problem) return std::unexpected(*problem);
  end_abandoned(files, agents, self);
  problem = make(worker);
  if (!problem) problem = put_self();
  if (!problem) problem = enable(files, agents);
  if (!problem) problem = give(agents);
  if (!problem) problem = give(worker);
  if (problem) return std::unexpected(*problem);
  return ControlGroups(std::make_shared<const GroupFiles>(std::move(files)), agents, self);
}

std::unique_ptr<ControlGroup> ControlGroups::make(const Limits& limits) {
  const fs::path folder = folder_ / name_of(self_, ++made_);
  const auto check = [](const std::error_code& error, const fs::path& path) {
    if (error) throw std::system_error(error, path.string());
  };
  check(files_->make_folder(folder), folder);
  auto group = std::make_unique<ControlGroup>(files_, folder);
  const auto set = [&](const char* name, const std::string& value) {
    check(files_->write(folder / name, value), folder / name);
  };
  if (limits.memory_bytes != 0) {
    set("memory.max", std::to_string(limits.memory_bytes));
    // A kernel without swap has no such file.
    if (!files_->read(folder / "memory.swap.max").empty()) set("memory.swap.max", "0");
    set("memory.oom.group", "1");
  }
  if (limits.processes != 0) set("pids.max", std::to_string(limits.processes + processes_of_ours));
  return group;
}

}  // namespace butler::sandbox
