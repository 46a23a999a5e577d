#include "process/process_tree.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <set>
#include <string>

namespace butler::process {

namespace {

/// Each round finds only what was forked while the round before it stopped the others.
constexpr int most_rounds = 32;

std::optional<pid_t> parse_pid(std::string_view text) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return pid;
}

}  // namespace

std::optional<ProcessEntry> parse_stat(std::string_view line) {
  const auto open = line.find(" (");
  const auto close = line.rfind(") ");
  if (open == std::string_view::npos || close == std::string_view::npos || close + 2 >= line.size()) {
    return std::nullopt;
  }
  const auto pid = parse_pid(line.substr(0, open));
  ProcessEntry entry;
  entry.state = line[close + 2];
  std::string_view rest = line.substr(close + 3);
  std::array<pid_t*, 3> fields{&entry.parent, &entry.group, &entry.session};
  for (pid_t* const field : fields) {
    if (!rest.starts_with(' ')) return std::nullopt;
    rest.remove_prefix(1);
    const auto end = std::min(rest.find(' '), rest.size());
    const auto value = parse_pid(rest.substr(0, end));
    if (!value) return std::nullopt;
    *field = *value;
    rest.remove_prefix(end);
  }
  if (!pid) return std::nullopt;
  entry.pid = *pid;
  return entry;
}

std::vector<pid_t> descendants_of(pid_t root, const std::vector<ProcessEntry>& entries) {
  std::vector<pid_t> found{root};
  for (std::size_t next = 0; next < found.size(); ++next) {
    for (const auto& entry : entries) {
      if (entry.parent == found[next] && std::ranges::find(found, entry.pid) == found.end()) {
        found.push_back(entry.pid);
      }
    }
  }
  found.erase(found.begin());
  return found;
}

std::string read_proc_file(const std::filesystem::path& file) {
  // Not by a stream: it throws when the process ends between the opening and the reading.
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string content;
  std::array<char, 4'096> part{};
  for (ssize_t count = 0; (count = ::read(fd, part.data(), part.size())) > 0;) {
    content.append(part.data(), static_cast<std::size_t>(count));
  }
  ::close(fd);
  return content;
}

std::vector<ProcessEntry> list_processes() {
  std::vector<ProcessEntry> entries;
  std::error_code error;
  std::filesystem::directory_iterator folder{"/proc", error};
  for (; folder != std::filesystem::directory_iterator{}; folder.increment(error)) {
    if (error) break;
    if (!parse_pid(folder->path().filename().string())) continue;
    if (const auto entry = parse_stat(read_proc_file(folder->path() / "stat"))) entries.push_back(*entry);
  }
  return entries;
}

void kill_descendants(pid_t root) {
  std::set<pid_t> stopped{root};
  ::kill(root, SIGSTOP);
  for (int round = 0; round < most_rounds; ++round) {
    const auto before = stopped.size();
    for (const pid_t pid : descendants_of(root, list_processes())) {
      if (stopped.insert(pid).second) ::kill(pid, SIGSTOP);
    }
    if (stopped.size() == before) break;
  }
  for (const pid_t pid : stopped) ::kill(pid, SIGKILL);
}

}  // namespace butler::process
