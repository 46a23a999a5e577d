#include "gateway/deliveries.hpp"

#include <utility>

#include "async/event.hpp"
#include "domain/backoff.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds longest_delivery_wait{50};
constexpr domain::Backoff delivery_backoff{std::chrono::milliseconds{100}, 2.0, std::chrono::seconds{2}};

}  // namespace

asio::awaitable<void> Deliveries::run() {
  for (int failures = 0;;) {
    const bool taken = co_await take_some();
    if (taken) {
      failures = 0;
      continue;
    }
    ++failures;
    const auto wait = domain::retry_delay(delivery_backoff, failures, process::random_fraction());
    co_await async::sleep_for(wait);
  }
}

asio::awaitable<bool> Deliveries::take_some() {
  // From the first one that is not acknowledged: what a crash left between commit and acknowledgement comes
  // again.
  constexpr std::int64_t from_the_first = 0;
  const auto jobs = co_await orchestrator_.deliveries(deliver_to_, from_the_first, longest_delivery_wait);
  if (!jobs) {
    if (!away_) log::warn("deliveries.unreachable", {{"error", jobs.error().message}});
    away_ = true;
    co_return false;
  }
  if (std::exchange(away_, false)) log::info("deliveries.reachable_again");
  if (jobs->empty()) co_return true;
  try {
    store_.unit([&] {
      for (const auto& delivery : *jobs) answers_.put(delivery.job);
    });
  } catch (const StoreFault& fault) {
    log::error("deliveries.not_stored", {{"error", fault.what()}});
    co_return false;
  }
  bool all = true;
  for (const auto& delivery : *jobs) {
    const auto acknowledged = co_await orchestrator_.acknowledge_delivery(delivery.job.id);
    if (acknowledged) continue;
    log::warn("delivery.not_acknowledged",
              {{"job", delivery.job.id}, {"error", acknowledged.error().message}});
    all = false;
  }
  co_return all;
}

}  // namespace butler::gateway
