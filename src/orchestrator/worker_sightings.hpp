#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/worker_presence.hpp"
#include "domain/timestamp.hpp"
#include "store/peers.hpp"

namespace butler::orchestrator {

/// Which workers have called, and when. In memory: after a start it is known again as soon as they call.
class WorkerSightings {
 public:
  using Steady = std::chrono::steady_clock::time_point;

  /// Whoever has the workers' token chooses the names: those that were seen longest ago are forgotten.
  static constexpr std::size_t most_workers = 500;
  /// How late a call may be.
  static constexpr std::chrono::seconds patience{5};

  /// A worker has called, and calls again before `expected`, if it is well.
  void saw(std::string_view worker_id, domain::Timestamp now, Steady expected);
  /// As long as what comes back lives, the worker's connection is open and it waits. It was seen before.
  std::shared_ptr<void> waits(std::string_view worker_id);

  /// By name. `held` names the holder of each job that runs, `elsewhere` who has called others.
  std::vector<api::WorkerPresence> list(const std::vector<std::string>& held,
                                        const std::vector<store::Sighting>& elsewhere, domain::Timestamp wall,
                                        Steady now) const;
  /// Who was seen since so long, or waits: for the others. Who waits is asked for again before `within` is
  /// over.
  std::vector<store::Sighting> recent(domain::Timestamp wall, Steady now,
                                      std::chrono::milliseconds within) const;

 private:
  struct Sighting {
    domain::Timestamp at;
    Steady expected;
    int waiting = 0;  ///< calls of it
  };

  void forget_oldest();

  std::map<std::string, std::shared_ptr<Sighting>, std::less<>> seen_;  // shared with calls that wait
};

}  // namespace butler::orchestrator
