#include "orchestrator/lease_sweeper.hpp"

#include <algorithm>

#include "async/event.hpp"
#include "orchestrator/route_table.hpp"

namespace butler::orchestrator {

boost::asio::awaitable<void> sweep_leases(CommitQueue& commits, LeaseService& leases,
                                          const LeaseClock& clock) {
  // A lease that begins while this waits runs a whole lease length: waking a quarter into it is early enough.
  const auto longest = std::max<std::chrono::milliseconds>(leases.lease() / 4, std::chrono::milliseconds{50});
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    const auto until_next = clock.next_deadline().value_or(now + longest) - now;
    co_await async::sleep_for(
        std::clamp<std::chrono::steady_clock::duration>(until_next, std::chrono::milliseconds{1}, longest));
    const auto after = now_on_both_clocks();
    if (clock.expired(after.steady).empty()) continue;
    const bool done = co_await commits.run([&leases, after] { leases.expire(after); });
    if (!done) co_await async::sleep_for(longest);
  }
}

}  // namespace butler::orchestrator
