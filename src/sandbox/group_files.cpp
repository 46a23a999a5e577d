#include "sandbox/group_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <sstream>

#include "files/folder.hpp"
#include "process/process_tree.hpp"
#include "sandbox/descriptors.hpp"

namespace butler::sandbox {

namespace fs = std::filesystem;

namespace {

std::error_code last_error() { return {errno, std::generic_category()}; }

std::error_code write_at_once(const fs::path& path, std::string_view text) {
  const Descriptor file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  if (file.get() < 0 || ::write(file.get(), text.data(), text.size()) < 0) return last_error();
  return {};
}

std::error_code make_group(const fs::path& path) {
  return ::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST ? std::error_code{} : last_error();
}

/// systemd marks what it delegates; root could write to all the others as well.
bool is_marked(const fs::path& group) {
  std::array<char, 8> value{};
  for (const char* const name : {"user.delegate", "trusted.delegate"}) {
    if (::getxattr(group.c_str(), name, value.data(), value.size()) == 1 && value[0] == '1') return true;
  }
  return false;
}

bool is_delegated(const fs::path& group) {
  if (::geteuid() == 0) return is_marked(group);
  return ::access(group.c_str(), W_OK) == 0 && ::access((group / "cgroup.procs").c_str(), W_OK) == 0 &&
         ::access((group / "cgroup.subtree_control").c_str(), W_OK) == 0;
}

std::error_code give_group(const fs::path& group, uid_t user, gid_t group_id) {
  for (const char* const name : {"", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"}) {
    if (::chown((group / name).c_str(), user, group_id) != 0) return last_error();
  }
  return {};
}

}  // namespace

GroupFiles group_files() {
  return {
      .read = [](const fs::path& path) { return process::read_proc_file(path); },
      .write = write_at_once,
      .make_folder = make_group,
      .remove_folder =
          [](const fs::path& path) { return ::rmdir(path.c_str()) == 0 ? std::error_code{} : last_error(); },
      .list = files::names_in,
      .is_ours = is_delegated,
      .give_to = give_group};
}

std::optional<std::string> group_path(std::string_view proc_cgroup) {
  constexpr std::string_view version_2 = "0::/";
  std::istringstream lines{std::string{proc_cgroup}};
  for (std::string line; std::getline(lines, line);) {
    // A group that was removed, or lies outside of the namespace, cannot be found by its name.
    if (line.starts_with(version_2) && !line.ends_with(" (deleted)") &&
        line.find("/..") == std::string::npos) {
      return line.substr(version_2.size() - 1);
    }
  }
  return std::nullopt;
}

std::optional<fs::path> group_mount(std::string_view mountinfo) {
  std::istringstream lines{std::string{mountinfo}};
  for (std::string line; std::getline(lines, line);) {
    const auto separator = line.find(" - cgroup2 ");
    if (separator == std::string::npos) continue;
    std::istringstream fields{line};
    std::string id;
    std::string parent;
    std::string device;
    std::string root;
    std::string place;
    fields >> id >> parent >> device >> root >> place;
    if (root == "/") return fs::path{place};
  }
  return std::nullopt;
}

std::vector<std::string> missing_controllers(std::string_view controllers) {
  std::istringstream words{std::string{controllers}};
  std::vector<std::string> there;
  for (std::string word; words >> word;) there.push_back(word);
  std::vector<std::string> missing;
  for (const char* const wanted : {"memory", "pids"}) {
    if (std::ranges::find(there, wanted) == there.end()) missing.emplace_back(wanted);
  }
  return missing;
}

std::uint64_t event_count(std::string_view events, std::string_view name) {
  std::istringstream lines{std::string{events}};
  std::string word;
  for (std::uint64_t count = 0; lines >> word >> count;) {
    if (word == name) return count;
  }
  return 0;
}

}  // namespace butler::sandbox
