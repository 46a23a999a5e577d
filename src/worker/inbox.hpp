#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace butler::worker {

/// The folder `inbox` of a workspace: files that came with requests, one folder for each job. The agent can
/// write there, so no link of its making is followed.
class Inbox {
 public:
  /// How long the files of a job stay after it was last claimed.
  static constexpr std::chrono::days kept{30};

  /// What one prune looks at and removes at most: an agent may have filled it with anything, and nobody is to
  /// wait for that.
  static constexpr std::size_t pruned_at_once = 4'000;

  explicit Inbox(std::filesystem::path workspace) : workspace_(std::move(workspace)) {}

  /// Where a job's file lies, as the agent finds it from its workspace. Pure.
  static std::string place_of(std::string_view job_id, const std::string& name);

  /// Copies the content into place_of(), for its owner only; what had that name is replaced. Throws
  /// std::system_error; then no file of that name is left.
  void put(std::string_view job_id, const std::string& name, const std::filesystem::path& content) const;

  /// Removes the folders that have not changed since `kept` before `now`, as far as it gets in a moment: the
  /// next one goes on. What cannot be removed is logged as `inbox.kept`.
  void prune(std::chrono::system_clock::time_point now) const;

 private:
  std::filesystem::path workspace_;
};

}  // namespace butler::worker
