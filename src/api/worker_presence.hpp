#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/timestamp.hpp"

namespace butler::api {

/// A worker as the orchestrator knows it.
struct WorkerPresence {
  std::string worker_id = {};
  bool present = false;                                ///< it waits for work, or works
  std::int64_t running = 0;                            ///< jobs that it holds
  std::optional<domain::Timestamp> last_seen_at = {};  ///< unset: not since the orchestrator has started
};

/// By name.
struct WorkerPresenceList {
  std::vector<WorkerPresence> workers = {};
};

}  // namespace butler::api
