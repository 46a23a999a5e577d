#pragma once

#include <boost/asio/awaitable.hpp>

#include "orchestrator/approval_service.hpp"
#include "orchestrator/commit_queue.hpp"
#include "orchestrator/lease_clock.hpp"
#include "orchestrator/lease_service.hpp"

namespace butler::orchestrator {

/// Ends attempts when their lease runs out, and approvals when their time is over, until cancelled. Waits for
/// the next of these, at most a quarter of a lease long.
boost::asio::awaitable<void> sweep(CommitQueue& commits, LeaseService& leases, const LeaseClock& clock,
                                   ApprovalService& approvals);

}  // namespace butler::orchestrator
