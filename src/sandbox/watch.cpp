#include "sandbox/watch.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <chrono>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

#include "domain/mebibyte.hpp"
#include "log/log.hpp"
#include "process/process_tree.hpp"

namespace butler::sandbox {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds interval{100};
constexpr std::size_t entries_at_once = 200;
constexpr std::size_t entries_at_the_start = 2'000;  // some 4 ms
constexpr std::chrono::milliseconds time_for_the_disk{5};
constexpr std::uint64_t entry_bytes = 4'096;  // the least: an empty file costs a disk its inode
constexpr std::uint64_t block_bytes = 512;    // the unit of st_blocks
constexpr std::uint64_t tolerated_growth = std::uint64_t{16} << 20U;
// A descriptor is open for each level. What hides below that counts as too much.
constexpr std::size_t most_open_folders = 128;
constexpr std::uint64_t hidden_bytes = std::uint64_t{1} << 50U;

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> found;
  std::error_code error;
  fs::directory_iterator task{"/proc/" + std::to_string(pid) + "/task", error};
  for (; !error && task != fs::directory_iterator{}; task.increment(error)) {
    std::istringstream file{process::read_proc_file(task->path() / "children")};
    pid_t child = 0;
    while (file >> child) found.push_back(child);
  }
  return found;
}

/// Kilobytes behind a name of /proc/<pid>/status.
std::uint64_t kilobytes(std::string_view status, std::string_view name) {
  const auto at = status.find(name);
  if (at == std::string_view::npos) return 0;
  const auto digits = status.find_first_of("0123456789", at);
  std::uint64_t value = 0;
  if (digits != std::string_view::npos)
    std::from_chars(status.data() + digits, status.data() + status.size(), value);
  return value;
}

/// What no file backs: the program's own pages are shared by all who run it.
std::uint64_t memory_of(pid_t pid) {
  const auto status = process::read_proc_file("/proc/" + std::to_string(pid) + "/status");
  return 1'024 *
         (kilobytes(status, "\nRssAnon:") + kilobytes(status, "\nRssShmem:") + kilobytes(status, "\nVmPTE:"));
}

}  // namespace

namespace {

std::string too_much_memory(const Limits& limits) {
  return "its processes together used more than " + std::to_string(limits.memory_bytes / domain::mebibyte) +
         " MB of memory (WORKER_MEMORY_MB), so all of them were ended";
}

}  // namespace

std::optional<std::string> memory_verdict(const Usage& usage, const Limits& limits) {
  if (limits.memory_bytes == 0 || usage.memory_bytes <= limits.memory_bytes) return std::nullopt;
  return too_much_memory(limits);
}

std::optional<std::string> disk_verdict(std::uint64_t at_start, std::uint64_t now, const Limits& limits) {
  if (limits.workspace_bytes == 0 || now <= limits.workspace_bytes || now <= at_start + tolerated_growth) {
    return std::nullopt;
  }
  return "its files grew beyond " + std::to_string(limits.workspace_bytes / domain::mebibyte) +
         " MB (WORKER_WORKSPACE_MB), so its processes were ended";
}

Usage usage_of_tree(pid_t root) {
  Usage usage;
  std::vector<pid_t> waiting{root};
  std::set<pid_t> seen;
  while (!waiting.empty()) {
    const pid_t pid = waiting.back();
    waiting.pop_back();
    if (!seen.insert(pid).second) continue;
    usage.memory_bytes += memory_of(pid);
    ++usage.processes;
    const auto more = children_of(pid);
    waiting.insert(waiting.end(), more.begin(), more.end());
  }
  return usage;
}

struct FolderSize::Open {
  explicit Open(int fd) : stream(::fdopendir(fd)) {
    if (stream == nullptr) ::close(fd);
  }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  ~Open() {
    if (stream != nullptr) ::closedir(stream);
  }
  DIR* stream;
  dev_t device = 0;
};

FolderSize::FolderSize(std::vector<fs::path> folders) : folders_(std::move(folders)) {}
FolderSize::~FolderSize() = default;

std::optional<std::uint64_t> FolderSize::look_further(std::size_t entries) {
  constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const auto enter = [this](int parent, const char* name, dev_t device) {
    auto folder = std::make_unique<Open>(::openat(parent, name, folder_flags));
    if (folder->stream == nullptr) return;
    folder->device = device;
    open_.push_back(std::move(folder));
  };
  for (; entries > 0; --entries) {
    if (open_.empty()) {
      if (next_folder_ == folders_.size()) {
        next_folder_ = 0;
        return std::exchange(bytes_, 0);
      }
      const fs::path& folder = folders_[next_folder_++];
      struct stat status{};
      if (::lstat(folder.c_str(), &status) == 0) enter(AT_FDCWD, folder.c_str(), status.st_dev);
      continue;
    }
    DIR* const stream = open_.back()->stream;
    const dirent* const entry = ::readdir(stream);  // NOLINT(concurrency-mt-unsafe): a stream of our own
    if (entry == nullptr) {
      open_.pop_back();
      continue;
    }
    const std::string_view name{entry->d_name};
    struct stat status{};
    if (name == "." || name == ".." ||
        ::fstatat(::dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      continue;
    }
    bytes_ += std::max(static_cast<std::uint64_t>(status.st_blocks) * block_bytes, entry_bytes);
    const dev_t device = open_.back()->device;
    if (!S_ISDIR(status.st_mode) || status.st_dev != device) continue;
    if (open_.size() < most_open_folders) {
      enter(::dirfd(stream), entry->d_name, device);
    } else {
      bytes_ += hidden_bytes;
    }
  }
  return std::nullopt;
}

Watch::Watch(asio::any_io_executor executor, pid_t root, Limits limits, std::vector<fs::path> folders)
    : executor_(std::move(executor)), root_(root), limits_(limits), size_(std::move(folders)) {
  // Before the agent can have done much: a small workspace is measured at once.
  if (limits_.workspace_bytes != 0) size_at_start_ = size_.look_further(entries_at_the_start);
}

const std::optional<std::string>& Watch::verdict() {
  // The kernel may have ended it since the last look.
  if (!verdict_ && group_ && group_->ran_out_of_memory()) verdict_ = too_much_memory(limits_);
  return verdict_;
}

std::optional<std::string> Watch::look() {
  if (group_) {
    if (group_->ran_out_of_memory()) return too_much_memory(limits_);
  } else if (limits_.memory_bytes != 0) {
    if (auto verdict = memory_verdict(usage_of_tree(root_), limits_)) return verdict;
  }
  return limits_.workspace_bytes == 0 ? std::nullopt : look_at_disk();
}

std::optional<std::string> Watch::look_at_disk() {
  const auto deadline = std::chrono::steady_clock::now() + time_for_the_disk;
  std::optional<std::uint64_t> size;
  while (!size && std::chrono::steady_clock::now() < deadline) size = size_.look_further(entries_at_once);
  if (!size_at_start_) {
    // The first round began with the sandbox: what it finds was there, or came while it looked.
    size_at_start_ = size;
    return std::nullopt;
  }
  return disk_verdict(*size_at_start_, size.value_or(size_.so_far()), limits_);
}

asio::awaitable<void> Watch::run() {
  asio::steady_timer timer(executor_);
  while (!verdict_) {
    verdict_ = look();
    if (verdict_) {
      log::warn("sandbox.limit", {{"pid", root_}, {"reason", *verdict_}});
      process::kill_descendants(root_);
      co_return;
    }
    timer.expires_after(interval);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace butler::sandbox
