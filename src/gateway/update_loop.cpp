#include "gateway/update_loop.hpp"

#include "async/event.hpp"
#include "gateway/poll_pause.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds before_storing_again{2};

milliseconds since(steady_clock::time_point start) {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
}

}  // namespace

asio::awaitable<std::string> UpdateLoop::run() {
  for (int failures = 0;;) {
    const std::int64_t offset = store_.next_offset();
    const auto start = steady_clock::now();
    const auto batch = co_await api_.get_updates(offset, poll_timeout_);
    if (batch) {
      if (failures > 0) log::info("poll.works_again", {{"failures", failures}});
      failures = 0;
      // Not kept, or nothing in it that could move the offset: the same batch would come again at once.
      const bool stuck = !keep(*batch) || (batch->updates.empty() && batch->unreadable > 0);
      if (stuck) co_await async::sleep_for(before_storing_again);
      continue;
    }
    ++failures;
    const auto pause = pause_after(batch.error(), failures, since(start), process::random_fraction());
    const std::string explanation = explain_poll_error(batch.error());
    if (pause.stop) co_return explanation;
    log::warn("poll.failed",
              {{"error", explanation}, {"failures", failures}, {"wait_ms", pause.wait.count()}});
    co_await async::sleep_for(pause.wait);
  }
}

bool UpdateLoop::keep(const telegram::UpdateBatch& batch) {
  if (batch.unreadable > 0) log::error("poll.updates_without_id", {{"count", batch.unreadable}});
  try {
    intake_.take(batch.updates, domain::wall_clock_now());
    return true;
  } catch (const StoreFault& fault) {
    log::error("poll.not_stored", {{"error", fault.what()}});
    return false;
  }
}

}  // namespace butler::gateway
