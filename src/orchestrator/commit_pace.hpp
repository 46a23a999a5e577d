#pragma once

#include <algorithm>
#include <chrono>

namespace butler::orchestrator {

/// Whether the next commit is worth a thread: where the last ones were slow. On a fast disk the turns of
/// another thread cost more than the commit itself (a tenth of all creates), on a Raspberry Pi's card one
/// takes 100 ms, and meanwhile others want to read.
class CommitPace {
 public:
  using Duration = std::chrono::steady_clock::duration;

  /// A commit took so long. The slowest of the last ones counts, each time a tenth less.
  void took(Duration time) { recent_ = std::max<Duration>(time, recent_ * 9 / 10); }
  bool is_slow() const { return recent_ > bound; }

  /// What a reader may wait without notice.
  static constexpr std::chrono::milliseconds bound{2};

 private:
  Duration recent_{};
};

}  // namespace butler::orchestrator
