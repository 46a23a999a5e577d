#pragma once

#include <chrono>
#include <string_view>

#include "domain/job.hpp"
#include "domain/job_status.hpp"
#include "metrics/registry.hpp"
#include "store/job_store.hpp"

namespace butler::orchestrator {

/// What the orchestrator counts and times of itself: GET /metrics (docs/operations.md lists the names).
/// Counts begin with the process; what is open is asked of the store at each scrape. Nothing here costs more
/// the more jobs have ended.
class Measures {
 public:
  Measures();

  /// A request was answered or refused; `route` is the pattern that it met, "" for none.
  void answered(std::string_view method, std::string_view route, int status);
  /// A request was refused with 409; `error` is the code that its answer names.
  void conflicted(std::string_view error);

  void created() { created_.add(); }
  /// A job began to run after it had waited in the queue since `queued`.
  void claimed(domain::Timestamp queued, domain::Timestamp now);
  /// A job reached its end; one that ran is timed from its start.
  void ended(const domain::Job& job);
  void lease_lost(domain::LostAttempt outcome);
  /// An approval was asked for ("requested"), answered by a standing decision ("answered_before"), or has
  /// got the status of that name.
  void approval(std::string_view outcome);
  void events_appended(std::size_t count) { events_.add(static_cast<double>(count)); }
  void removed(std::int64_t jobs) { removed_.add(static_cast<double>(jobs)); }

  /// A batch that wrote something is on disk.
  void committed(std::size_t requests, std::chrono::steady_clock::duration time);

  /// What is open now, asked at each scrape.
  struct Now {
    store::Backlog backlog = {};
    bool paused = false;
    std::size_t parked = 0;       ///< requests
    std::size_t connections = 0;  ///< HTTP
    std::int64_t artifact_bytes = 0;
    domain::Timestamp time{};
  };
  /// The text of all of it.
  std::string text(const Now& now);

 private:
  metrics::Registry registry_;
  metrics::Family<metrics::Gauge>& open_;
  metrics::Gauge& oldest_queued_;
  metrics::Gauge& deliveries_;
  metrics::Gauge& paused_;
  metrics::Counter& created_;
  metrics::Family<metrics::Counter>& ended_;
  metrics::Counter& removed_;
  metrics::Histogram& waited_;
  metrics::Histogram& ran_;
  metrics::Family<metrics::Counter>& leases_lost_;
  metrics::Family<metrics::Counter>& approvals_;
  metrics::Counter& events_;
  metrics::Histogram& commit_time_;
  metrics::Histogram& batch_size_;
  metrics::Family<metrics::Counter>& requests_;
  metrics::Family<metrics::Counter>& conflicts_;
  metrics::Gauge& parked_;
  metrics::Gauge& connections_;
  metrics::Gauge& artifact_bytes_;
};

}  // namespace butler::orchestrator
