#include <utility>

#include "orchestrator/lease_service.hpp"

// What a worker does under its lease beside running the job: it brings files, and is seen.
namespace butler::orchestrator {

Outcome<store::JobRecord> LeaseService::strict_holder(std::string_view job_id, const Token& token, Now now) {
  if (token) return holder(job_id, token, now);
  const auto record = store_.find(job_id);
  if (!record) return std::unexpected(job_not_found());
  return std::unexpected(lease_lost(record->lease));
}

std::vector<api::WorkerPresence> LeaseService::workers(Now now) {
  std::vector<std::string> holders;
  for (const auto& record : store_.leased()) {
    if (record.lease) holders.push_back(record.lease->worker_id);
  }
  if (peers_ == nullptr) return sightings_.list(holders, {}, now.wall, now.steady);
  return sightings_.list(holders, peers_->sightings_elsewhere(store::SightingKind::worker), now.wall,
                         now.steady);
}

bool LeaseService::holds(const store::JobRecord& record, const Token& token) {
  return token && record.lease && *token == record.lease->token;
}

void LeaseService::append_activity(store::JobRecord& record, const store::StoredEvent& event) {
  store_.append_events(record.row, {event});
  measures_.events_appended(1);
  touched_.touch({Topic::Kind::events, record.job.id});
  if (std::exchange(record.lease->had_activity, true)) return;
  store_.put_lease(record.row, *record.lease);
}

}  // namespace butler::orchestrator
