#include "gateway/job_rules.hpp"

#include "domain/job_status.hpp"

namespace butler::gateway {

using domain::JobKind;
using domain::JobStatus;

Retry retry_of(const domain::Job& job, bool may_run_commands) {
  if (!domain::is_terminal(job.status)) return Retry::not_over;
  if (job.kind == JobKind::run && !may_run_commands) return Retry::owners_only;
  return Retry::may;
}

Steer steering_of(const domain::Job& job) {
  switch (job.status) {
    case JobStatus::needs_approval:
    case JobStatus::queued: return Steer::not_started;
    case JobStatus::running: return job.kind == JobKind::run ? Steer::is_command : Steer::may;
    default: return Steer::ending;
  }
}

}  // namespace butler::gateway
