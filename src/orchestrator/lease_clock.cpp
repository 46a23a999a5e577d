#include "orchestrator/lease_clock.hpp"

#include <utility>

namespace butler::orchestrator {

void LeaseClock::renew(const std::string& job_id, Time deadline) {
  auto& entry = entries_[job_id];
  by_deadline_.erase({entry.deadline, job_id});
  entry.deadline = deadline;
  by_deadline_.emplace(deadline, job_id);
}

bool LeaseClock::knows(const std::string& job_id) const { return entries_.contains(job_id); }

void LeaseClock::remove(const std::string& job_id) {
  const auto found = entries_.find(job_id);
  if (found == entries_.end()) return;
  by_deadline_.erase({found->second.deadline, job_id});
  entries_.erase(found);
}

std::optional<LeaseClock::Time> LeaseClock::next_deadline() const {
  if (by_deadline_.empty()) return std::nullopt;
  return by_deadline_.begin()->first;
}

std::vector<std::string> LeaseClock::expired(Time now) const {
  std::vector<std::string> ids;
  for (const auto& [deadline, job_id] : by_deadline_) {
    if (deadline > now) break;
    ids.push_back(job_id);
  }
  return ids;
}

bool LeaseClock::tell_abort(const std::string& job_id) {
  const auto found = entries_.find(job_id);
  return found != entries_.end() && std::exchange(found->second.abort_told, true);
}

}  // namespace butler::orchestrator
