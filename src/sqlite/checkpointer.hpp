#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "sqlite/database.hpp"

namespace butler::sqlite {

/// What to do about a write-ahead log that has grown to so many pages.
enum class Checkpoint : std::uint8_t {
  none,
  beside,   ///< copy what is in it into the database, beside the commits that go on
  restart,  ///< hold up commits for the last of it, so that the log begins again
};

/// When the log is copied: each time it has grown by 2 000 pages (8 MB), so that it seldom waits for what a
/// commit has just written; and when commits have never paused long enough for it to begin again, by 24 000
/// (measured: docs/performance.md, G8).
/// @param pages   what is in the log
/// @param copied  how many of them the last checkpoint has met
constexpr Checkpoint next_checkpoint(int pages, int copied) {
  constexpr int step = 2'000;
  constexpr int longest = 24'000;
  if (pages < copied) copied = 0;  // it has begun again
  if (pages - copied < step) return Checkpoint::none;
  return pages >= longest ? Checkpoint::restart : Checkpoint::beside;
}

/// Copies the write-ahead log of a database into its file in a thread of its own, over a connection of its
/// own: otherwise one commit in a thousand pages takes that upon itself, and everybody waits for it.
///
/// A checkpoint that fails is logged, and tried again at the next step; no commit is lost by it
/// (sqlite.org/wal.html § 2.1). The thread begins with the first one.
class Checkpointer {
 public:
  /// The database outlives it. One per database.
  explicit Checkpointer(Database& database);
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;
  ~Checkpointer();

 private:
  void committed(int pages);
  void run(const std::stop_token& stop);
  void copy(Checkpoint how);

  Database& database_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  Checkpoint wanted_ = Checkpoint::none;  ///< behind the mutex
  int copied_ = 0;                        ///< the committing thread's
  std::optional<Database> connection_;    ///< the thread's
  std::jthread thread_;                   ///< last: it ends before anything else goes
};

}  // namespace butler::sqlite
