#include "orchestrator/worker_sightings.hpp"

#include <algorithm>

namespace butler::orchestrator {

void WorkerSightings::saw(std::string_view worker_id, domain::Timestamp now, Steady expected) {
  const auto known = seen_.find(worker_id);
  if (known != seen_.end()) {
    known->second->at = now;
    known->second->expected = expected;
    return;
  }
  if (seen_.size() >= most_workers) forget_oldest();
  seen_.emplace(worker_id, std::make_shared<Sighting>(Sighting{.at = now, .expected = expected}));
}

std::shared_ptr<void> WorkerSightings::waits(std::string_view worker_id) {
  const auto known = seen_.find(worker_id);
  if (known == seen_.end()) return nullptr;
  ++known->second->waiting;
  return {known->second.get(), [sighting = known->second](void*) { --sighting->waiting; }};
}

void WorkerSightings::forget_oldest() {
  seen_.erase(std::ranges::min_element(seen_, {}, [](const auto& entry) { return entry.second->at; }));
}

std::vector<api::WorkerPresence> WorkerSightings::list(const std::vector<std::string>& held,
                                                       const std::vector<store::Sighting>& elsewhere,
                                                       domain::Timestamp wall, Steady now) const {
  std::map<std::string, api::WorkerPresence> workers;
  for (const auto& [id, sighting] : seen_) {
    const bool is_present = sighting->waiting > 0 || now <= sighting->expected + patience;
    workers.emplace(
        id, api::WorkerPresence{.worker_id = id, .present = is_present, .last_seen_at = sighting->at});
  }
  for (const auto& seen : elsewhere) {
    auto& worker = workers.try_emplace(seen.name, api::WorkerPresence{.worker_id = seen.name}).first->second;
    worker.present = worker.present || seen.present_for.count() >= 0;
    const auto at = wall - seen.ago;
    if (!worker.last_seen_at || *worker.last_seen_at < at) worker.last_seen_at = at;
  }
  for (const auto& id : held)
    ++workers.try_emplace(id, api::WorkerPresence{.worker_id = id}).first->second.running;
  std::vector<api::WorkerPresence> list;
  list.reserve(workers.size());
  for (auto& [id, worker] : workers) list.push_back(std::move(worker));
  return list;
}

std::vector<store::Sighting> WorkerSightings::recent(domain::Timestamp wall, Steady now,
                                                     std::chrono::milliseconds within) const {
  std::vector<store::Sighting> recent;
  for (const auto& [id, sighting] : seen_) {
    const auto ago = std::max(wall - sighting->at, std::chrono::milliseconds{0});
    if (sighting->waiting == 0 && ago > within) continue;
    auto present_for = std::chrono::duration_cast<std::chrono::milliseconds>(sighting->expected - now);
    if (sighting->waiting > 0) present_for = std::max(present_for, within);
    recent.push_back({.name = id, .ago = ago, .present_for = present_for + patience});
  }
  return recent;
}

}  // namespace butler::orchestrator
