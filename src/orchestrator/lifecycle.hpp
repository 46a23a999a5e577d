#pragma once

#include <optional>
#include <string>

#include "domain/job_status.hpp"
#include "json/value.hpp"
#include "orchestrator/approval_lifecycle.hpp"
#include "orchestrator/lease_clock.hpp"
#include "orchestrator/measures.hpp"
#include "orchestrator/refusal.hpp"
#include "orchestrator/topics.hpp"
#include "store/job_store.hpp"

namespace butler::orchestrator {

/// What the one event of a transition says.
struct EventText {
  std::optional<std::string> message = {};
  std::optional<json::Object> data = {};
  std::optional<std::string> actor = {};  ///< who did it, for the audit log; unset: the holder of the lease
};

/// The one door through which a job changes its status: asks domain::transition, writes job and event in one
/// unit, and does what every change brings: the session's next head, the delivery, the lease's end, the
/// wake-ups. Called inside a unit of the store.
class Lifecycle {
 public:
  Lifecycle(store::JobStore& store, Touched& touched, LeaseClock& leases, Measures& measures)
      : store_(store),
        touched_(touched),
        leases_(leases),
        measures_(measures),
        approvals_(store, touched, measures) {}

  /// Writes a new job, its first event, and its place in the queue.
  /// @param attachments_due  until when it waits for its attachments, if it has any
  void create(domain::Job job, const std::optional<std::string>& idempotency_key,
              const std::optional<domain::Timestamp>& attachments_due);

  /// Applies the action. `record` is the job as it was read in this unit, with the fields that the caller
  /// changes already set; it comes back with status, times and text as they are now. A refusal changes
  /// nothing; a no-op comes back unchanged as `before`.
  /// @param same_lease  whether the caller holds the lease that ended the job (for repeated calls)
  Outcome<domain::Job> apply(const store::JobRecord& before, store::JobRecord record,
                             domain::JobAction action, EventText text, domain::Timestamp now,
                             bool same_lease = false);

 private:
  void finish(store::JobRecord& record, const store::JobRecord& before);
  void audit(const store::JobRecord& before, const domain::Job& job, domain::JobAction action,
             const EventText& text);
  void announce(const store::JobRecord& before, const domain::Job& job);
  void refresh_head(const std::string& session_key);

  store::JobStore& store_;
  Touched& touched_;
  LeaseClock& leases_;
  Measures& measures_;
  ApprovalLifecycle approvals_;
};

/// What the API calls an aborted job's text so far, or a running one's: the job as everybody sees it.
domain::Job with_text_so_far(store::JobStore& store, const store::JobRecord& record);

}  // namespace butler::orchestrator
