#pragma once

#include <boost/asio/awaitable.hpp>

#include "orchestrator/approval_service.hpp"
#include "orchestrator/commit_queue.hpp"
#include "orchestrator/job_service.hpp"
#include "orchestrator/lease_clock.hpp"
#include "orchestrator/lease_service.hpp"

namespace butler::orchestrator {

/// Ends attempts when their lease runs out, approvals when their time is over, and jobs whose attachments
/// have not come, until cancelled. Waits for the next of these, at most a quarter of a lease long; so often
/// it looks for the leases of other orchestrators.
boost::asio::awaitable<void> sweep(CommitQueue& commits, LeaseService& leases, const LeaseClock& clock,
                                   ApprovalService& approvals, JobService& jobs);

}  // namespace butler::orchestrator
