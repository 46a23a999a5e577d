#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mcp_wrappers/generate.hpp"

namespace butler::mcp_wrappers {

struct SyncOptions {
  std::vector<std::string> only;  ///< these targets; empty: all
  Types types = Types::write;
};

/// How one target has gone.
struct TargetReport {
  std::string name;
  std::string problem;  ///< why there is no new wrapper; "" when there is. An old one stays.
  std::vector<std::string> warnings;
  bool types = false;  ///< whether they were written
  std::chrono::milliseconds took{0};
};

struct SyncReport {
  std::vector<TargetReport> targets;
  std::vector<std::string> removed;  ///< wrappers that no target asked for

  bool failed() const;
};

/// Hears of the progress.
class SyncListener {
 public:
  virtual ~SyncListener() = default;
  virtual void on_step(const std::string& target, const char* step) = 0;
  virtual void on_target(const TargetReport& report) = 0;
};

/// The wrappers that a sync removes: those that no target asks for. None when it is only for some targets.
std::vector<std::string> orphans_to_remove(const Places& places, const Wanted& wanted,
                                           const SyncOptions& options);

/// Makes the wrappers, one after the other; one that fails stops no other. Then removes orphans. Throws
/// Interrupted, and std::system_error for faults of the disk.
SyncReport sync_wrappers(const Site& site, const Wanted& wanted, const SyncOptions& options,
                         SyncListener& listener);

}  // namespace butler::mcp_wrappers
