#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "sandbox/control_groups.hpp"
#include "sandbox/spec.hpp"

namespace butler::sandbox {

/// What a sandbox uses at a moment.
struct Usage {
  std::uint64_t memory_bytes = 0;  ///< of all its processes: what no file backs
  std::uint64_t processes = 0;
};

/// Why the sandbox has to be ended; nullopt when it keeps to its limits. Pure.
std::optional<std::string> memory_verdict(const Usage& usage, const Limits& limits);

/// The same for the disk: `at_start` is what was there before. A folder that was full at the start may be
/// used, as long as it does not grow. Pure.
std::optional<std::string> disk_verdict(std::uint64_t at_start, std::uint64_t now, const Limits& limits);

/// What a process and all its descendants use. Those that end meanwhile count as nothing.
Usage usage_of_tree(pid_t root);

/// Measures folders a little at a time, so that a large one does not hold up the event loop.
class FolderSize {
 public:
  explicit FolderSize(std::vector<std::filesystem::path> folders);
  ~FolderSize();
  FolderSize(const FolderSize&) = delete;
  FolderSize& operator=(const FolderSize&) = delete;

  /// Looks at up to `entries` more entries. The size in bytes when a round is complete; the next call begins
  /// a new one. No link is followed, no other file system entered.
  std::optional<std::uint64_t> look_further(std::size_t entries);
  /// What the round that is under way has found: no more than there is.
  std::uint64_t so_far() const { return bytes_; }

 private:
  struct Open;
  std::vector<std::filesystem::path> folders_;
  std::vector<std::unique_ptr<Open>> open_;
  std::size_t next_folder_ = 0;
  std::uint64_t bytes_ = 0;
};

/// Holds a running sandbox to the limits that the kernel does not know: the size of what it may write to,
/// and, where there are no control groups, the memory of all processes together. One thread.
class Watch {
 public:
  Watch(boost::asio::any_io_executor executor, pid_t root, Limits limits,
        std::vector<std::filesystem::path> folders);

  /// Looks every 100 ms until it is cancelled, or has ended the sandbox.
  boost::asio::awaitable<void> run();

  /// Leaves memory to the sandbox's control group; null changes nothing.
  void rely_on(std::unique_ptr<ControlGroup> group) { group_ = std::move(group); }

  /// Why the sandbox was ended: a sentence for the person; nullopt when it was not.
  const std::optional<std::string>& verdict();

  /// Lets something live as long as this does.
  void keep(std::shared_ptr<void> companion) { companion_ = std::move(companion); }

 private:
  std::optional<std::string> look();
  std::optional<std::string> look_at_disk();

  boost::asio::any_io_executor executor_;
  pid_t root_;
  Limits limits_;
  FolderSize size_;
  std::optional<std::uint64_t> size_at_start_;
  std::optional<std::string> verdict_;
  std::shared_ptr<void> companion_;
  std::unique_ptr<ControlGroup> group_;  ///< null where memory is looked at here
};

}  // namespace butler::sandbox
