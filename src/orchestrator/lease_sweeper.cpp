#include "orchestrator/lease_sweeper.hpp"

#include <algorithm>

#include "async/event.hpp"
#include "orchestrator/route_table.hpp"

namespace butler::orchestrator {

boost::asio::awaitable<void> sweep(CommitQueue& commits, LeaseService& leases, const LeaseClock& clock,
                                   ApprovalService& approvals) {
  // What begins while this waits, a lease or an approval, is noticed a quarter of a lease later at most:
  // early enough for a lease, and an approval is refused after its time whether this has come by or not.
  const auto longest = std::max<std::chrono::milliseconds>(leases.lease() / 4, std::chrono::milliseconds{50});
  for (;;) {
    const auto now = now_on_both_clocks();
    auto until_next = clock.next_deadline().value_or(now.steady + longest) - now.steady;
    if (const auto expiry = approvals.next_expiry()) {
      until_next = std::min<std::chrono::steady_clock::duration>(until_next, *expiry - now.wall);
    }
    co_await async::sleep_for(
        std::clamp<std::chrono::steady_clock::duration>(until_next, std::chrono::milliseconds{1}, longest));
    const auto after = now_on_both_clocks();
    const auto expiry = approvals.next_expiry();
    if (clock.expired(after.steady).empty() && (!expiry || *expiry > after.wall)) continue;
    const bool done = co_await commits.run([&leases, &approvals, after] {
      leases.expire(after);
      approvals.expire(after.wall);
    });
    if (!done) co_await async::sleep_for(longest);
  }
}

}  // namespace butler::orchestrator
