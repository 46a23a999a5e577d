#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "orchestrator/commit_queue.hpp"
#include "orchestrator/measures.hpp"
#include "store/job_store.hpp"

namespace butler::orchestrator {

/// What is kept for how long: ended jobs, but never one whose delivery is not acknowledged, the homes of
/// sessions, and decisions for one session, for `keep` after their last use.
class Retention {
 public:
  Retention(store::JobStore& store, Measures& measures, std::chrono::milliseconds keep)
      : store_(store), measures_(measures), keep_(keep) {}

  /// Removes what is too old, but only a little of it, so that other requests have their turn. Called inside
  /// a unit of the store. Returns how long it is until there is something to remove: 0 when there is more
  /// now, at most an hour (a late acknowledgement, or a wall clock that was set, is noticed then).
  std::chrono::milliseconds step(domain::Timestamp now);

 private:
  store::JobStore& store_;
  Measures& measures_;
  std::chrono::milliseconds keep_;
};

/// Removes what is too old for as long as the orchestrator runs, in commits of its own, at most half of the
/// time.
boost::asio::awaitable<void> remove_old(CommitQueue& commits, Retention& retention);

}  // namespace butler::orchestrator
