#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "orchestrator/measures.hpp"
#include "orchestrator/topics.hpp"
#include "store/job_store.hpp"

namespace butler::orchestrator {

/// A decision, and who made it.
struct Resolution {
  domain::ApprovalStatus status = domain::ApprovalStatus::expired;
  std::optional<domain::ApprovalScope> scope = {};
  std::optional<std::string> reason = {};
  std::optional<std::string> decider_id = {};
};

/// The one door through which an approval is asked for and decided: writes it, its event and its line of the
/// audit log in one unit, and wakes who waits. Called inside a unit of the store.
class ApprovalLifecycle {
 public:
  ApprovalLifecycle(store::JobStore& store, Touched& touched, Measures& measures)
      : store_(store), touched_(touched), measures_(measures) {}

  /// Writes a new approval that waits for a decision.
  void ask(store::ApprovalRecord& record, const std::string& worker_id);

  /// Writes a new approval that a standing decision answers at once.
  void answer(store::ApprovalRecord& record, const api::StandingDecision& standing, domain::Timestamp now);

  /// Decides one that waits. The worker hears of it by its heartbeat, unless an earlier attempt asked: then
  /// the next one is told when it asks.
  void resolve(store::ApprovalRecord& record, Resolution resolution, domain::Timestamp now);

  /// Ends all of the job's approvals that wait.
  void expire_pending(std::int64_t job_row, std::string_view reason, domain::Timestamp now);

 private:
  void record_event(const store::ApprovalRecord& record, domain::EventType type, domain::Timestamp now);

  store::JobStore& store_;
  Touched& touched_;
  Measures& measures_;
};

}  // namespace butler::orchestrator
