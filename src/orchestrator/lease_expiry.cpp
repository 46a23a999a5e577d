#include "log/log.hpp"
#include "orchestrator/lease_service.hpp"

// Leases that run out, here or at another orchestrator, and conversations whose machine is away.
namespace butler::orchestrator {

using domain::JobAction;

namespace {

constexpr std::string_view worker_lost = "worker_lost";
constexpr std::string_view home_away =
    "The machine that holds this conversation is away; the request waits for it.";

}  // namespace

/// Says that this orchestrator is there, and who has called it. Where none was, no worker could renew its
/// lease.
void LeaseService::attend(Now now) {
  if (!peers_->attend(lease_ / 2)) {
    log::info("lease.grace");
    peers_->extend_all_leases(lease_);
  }
  peers_->bound_leases(lease_ * 2);
  peers_->put_sightings(store::SightingKind::worker, sightings_.recent(now.wall, now.steady, lease_ / 2));
  std::vector<store::Sighting> stores;
  for (const auto& [name, seen] : stores_seen_) {
    const auto ago = std::chrono::duration_cast<std::chrono::milliseconds>(now.steady - seen);
    if (ago < lease_) stores.push_back({.name = name, .ago = ago, .present_for = session_home_ - ago});
  }
  peers_->put_sightings(store::SightingKind::session_store, stores);
}

void LeaseService::grant_grace(Now now) {
  started_ = now.steady;
  if (peers_ != nullptr) {
    attend(now);
    return;
  }
  for (const auto& record : store_.leased()) leases_.renew(record.job.id, now.steady + lease_);
}

void LeaseService::recover(Now now) {
  if (peers_ != nullptr) return;  // the rows were undone together with the rest
  for (const auto& record : store_.leased()) {
    if (!leases_.knows(record.job.id)) leases_.renew(record.job.id, now.steady + lease_);
  }
}

/// The jobs whose lease is over. What this process remembers of a lease decides nothing where others may have
/// renewed it: it is forgotten.
std::vector<std::string> LeaseService::expired(Now now) {
  auto ids = leases_.expired(now.steady);
  if (peers_ == nullptr) return ids;
  for (const auto& id : ids) leases_.remove(id);
  return peers_->expired_leases();
}

void LeaseService::expire(Now now) {
  if (peers_ != nullptr) attend(now);
  for (const auto& job_id : expired(now)) {
    const auto record = store_.find(job_id);
    leases_.remove(job_id);
    if (!record || !record->lease || !domain::is_leased(record->job.status)) continue;
    give_up(*record, std::string{worker_lost}, now);
  }
}

void LeaseService::give_up(const store::JobRecord& record, std::string error, Now now) {
  log::warn("lease.expired", {{"job", record.job.id},
                              {"worker", record.lease->worker_id},
                              {"attempt", record.job.attempt},
                              {"activity", record.lease->had_activity}});
  const auto outcome = domain::attempt_lost(facts_of(record));
  measures_.lease_lost(outcome);
  Outcome<domain::Job> ended;
  auto changed = record;
  switch (outcome) {
    case domain::LostAttempt::repeat:
      ended = requeue(record, outcome, {.message = "The worker was lost before it began", .data = {}}, now,
                      false);
      break;
    case domain::LostAttempt::resume:
      ended = requeue(record, outcome,
                      {.message = "The worker was lost while a tool call waited for a decision", .data = {}},
                      now, false);
      break;
    case domain::LostAttempt::fail:
      changed.job.error = error;
      ended = lifecycle_.apply(record, changed, JobAction::fail, {.message = error, .data = {}}, now.wall);
      break;
    case domain::LostAttempt::abort:
      ended = lifecycle_.apply(record, changed, JobAction::acknowledge_abort, {.message = error, .data = {}},
                               now.wall);
      break;
  }
  if (!ended) throw std::logic_error("an expired lease could not be ended: " + ended.error().message);
}

void LeaseService::report_absent_homes(Now now) {
  if (!started_ || now.steady - *started_ < session_home_) return;
  std::vector<std::string> present;
  for (const auto& [name, seen] : stores_seen_) {
    if (now.steady - seen < session_home_) present.push_back(name);
  }
  if (peers_ != nullptr) {
    for (auto& seen : peers_->sightings_elsewhere(store::SightingKind::session_store)) {
      if (seen.ago < session_home_) present.push_back(std::move(seen.name));
    }
  }
  for (const auto& record : store_.claimable_elsewhere(present)) {
    if (store_.has_log(record.row, home_away)) continue;
    store::StoredEvent event;
    event.type = domain::EventType::log;
    event.ts = now.wall;
    event.message = home_away;
    store_.append_events(record.row, {event});
    touched_.touch({Topic::Kind::events, record.job.id});
    log::warn("session.home_away", {{"job", record.job.id}, {"session", record.job.session_key}});
  }
}

}  // namespace butler::orchestrator
