#include "orchestrator/lease_sweeper.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "async/event.hpp"
#include "log/log.hpp"
#include "orchestrator/route_table.hpp"

namespace butler::orchestrator {

namespace {

using Deadline = std::optional<domain::Timestamp>;

Deadline earlier(const Deadline& one, const Deadline& other) {
  if (!one) return other;
  return other ? std::min(one, other) : one;
}

}  // namespace

boost::asio::awaitable<void> sweep(CommitQueue& commits, LeaseService& leases, const LeaseClock& clock,
                                   ApprovalService& approvals, JobService& jobs) {
  // Nothing while the store is away: it is asked again a little later.
  const auto next_wall_deadline = [&approvals, &jobs]() -> Deadline {
    try {
      return earlier(approvals.next_expiry(), jobs.next_attachment_deadline());
    } catch (const store::StoreFault& fault) {
      log::error("store.error", {{"error", fault.what()}});
      return std::nullopt;
    }
  };
  // What begins while this waits, a lease or an approval, is noticed a quarter of a lease later at most:
  // early enough for a lease, and an approval is refused after its time whether this has come by or not.
  const auto longest = std::max<std::chrono::milliseconds>(leases.lease() / 4, std::chrono::milliseconds{50});
  auto checked = now_on_both_clocks().steady;
  for (;;) {
    const auto now = now_on_both_clocks();
    auto until_next = clock.next_deadline().value_or(now.steady + longest) - now.steady;
    if (const auto next = next_wall_deadline()) {
      until_next = std::min<std::chrono::steady_clock::duration>(until_next, *next - now.wall);
    }
    until_next =
        std::clamp<std::chrono::steady_clock::duration>(until_next, std::chrono::milliseconds{1}, longest);
    co_await async::sleep_for(until_next);
    const auto after = now_on_both_clocks();
    const auto late = after.steady - std::exchange(checked, after.steady) - until_next;
    if (late > longest) {
      // This process has stood still (a paused machine, SIGSTOP, a disk that hung), so no worker could renew
      // its lease: that a lease is over says nothing about its worker.
      log::warn("lease.stood_still",
                {{"seconds", std::chrono::duration_cast<std::chrono::duration<double>>(late).count()}});
      co_await commits.run([&leases, after] { leases.grant_grace(after); });
    }
    const auto next = next_wall_deadline();
    const bool is_due = leases.shares_leases() || !clock.expired(after.steady).empty();
    if (!is_due && (!next || *next > after.wall)) continue;
    const bool done = co_await commits.run([&leases, &approvals, &jobs, &after, longest] {
      const auto then = now_on_both_clocks();
      // Or the disk has: a commit was on its way for so long, and what came from the workers waits behind it.
      if (then.steady - after.steady > longest) {
        leases.grant_grace(then);
      } else {
        leases.expire(then);
      }
      approvals.expire(then.wall);
      jobs.abort_incomplete(then.wall);
    });
    if (done) continue;
    co_await async::sleep_for(longest);
    checked = now_on_both_clocks().steady;
  }
}

}  // namespace butler::orchestrator
