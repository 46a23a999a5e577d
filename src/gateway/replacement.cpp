#include "gateway/replacement.hpp"

#include "domain/job_status.hpp"

namespace butler::gateway {

using domain::JobStatus;

bool was_replaced(const domain::Job& job) {
  return job.status == JobStatus::aborted && job.error == replaced_reason;
}

Replacement replacement_of(const domain::Job& job) {
  if (was_replaced(job)) return Replacement::done;
  if (domain::is_terminal(job.status)) return Replacement::over;
  return job.status == JobStatus::queued ? Replacement::ask_again : Replacement::too_late;
}

}  // namespace butler::gateway
