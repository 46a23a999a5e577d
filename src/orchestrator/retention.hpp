#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "orchestrator/artifact_files.hpp"
#include "orchestrator/commit_queue.hpp"
#include "orchestrator/measures.hpp"
#include "store/job_store.hpp"

namespace butler::orchestrator {

/// What is kept for how long: ended jobs, but never one whose delivery is not acknowledged, the homes of
/// sessions, and decisions for one session, for `keep` after their last use.
class Retention {
 public:
  Retention(store::JobStore& store, Measures& measures, const ArtifactFiles& files,
            std::chrono::milliseconds keep)
      : store_(store), measures_(measures), files_(files), keep_(keep) {}

  /// Removes what is too old, but only a little of it, so that other requests have their turn. Called inside
  /// a unit of the store. Returns how long it is until there is something to remove: 0 when there is more
  /// now, at most an hour (a late acknowledgement, or a wall clock that was set, is noticed then).
  std::chrono::milliseconds step(domain::Timestamp now);

  /// Removes the files of the jobs that the latest step has removed. Called when that is on disk: no row is
  /// ever without its file. What it cannot remove, the next start does.
  void remove_files();

 private:
  store::JobStore& store_;
  Measures& measures_;
  const ArtifactFiles& files_;
  std::vector<std::string> without_rows_;  ///< ids of the jobs whose files are to go
  std::chrono::milliseconds keep_;
};

/// Removes what is too old for as long as the orchestrator runs, in commits of its own, at most half of the
/// time.
boost::asio::awaitable<void> remove_old(CommitQueue& commits, Retention& retention);

}  // namespace butler::orchestrator
