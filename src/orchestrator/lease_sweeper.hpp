#pragma once

#include <boost/asio/awaitable.hpp>

#include "orchestrator/commit_queue.hpp"
#include "orchestrator/lease_clock.hpp"
#include "orchestrator/lease_service.hpp"

namespace butler::orchestrator {

/// Ends attempts when their lease runs out, until cancelled. Waits for the next deadline, at most a lease
/// long.
boost::asio::awaitable<void> sweep_leases(CommitQueue& commits, LeaseService& leases,
                                          const LeaseClock& clock);

}  // namespace butler::orchestrator
