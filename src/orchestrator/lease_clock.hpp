#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace butler::orchestrator {

/// When each lease runs out, on the steady clock: a jump of the wall clock ends none. Kept in memory only, so
/// that a heartbeat costs no write; after a restart every running job gets one grace lease. Pure: the caller
/// says what time it is.
class LeaseClock {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// The lease of the job runs until `deadline`.
  void renew(const std::string& job_id, Time deadline);
  void remove(const std::string& job_id);
  bool knows(const std::string& job_id) const;

  std::optional<Time> next_deadline() const;
  /// The jobs whose lease is over; they stay until removed or renewed.
  std::vector<std::string> expired(Time now) const;

  /// Whether the holder was told of the abort since its lease began; notes that it is being told now.
  bool tell_abort(const std::string& job_id);

 private:
  struct Entry {
    Time deadline;
    bool abort_told = false;
  };
  std::map<std::string, Entry, std::less<>> entries_;
  std::set<std::pair<Time, std::string>> by_deadline_;
};

}  // namespace butler::orchestrator
