#include "gateway/update_loop.hpp"

#include <algorithm>
#include <utility>

#include "async/event.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds before_storing_again{2};
/// Telegram makes shorter polls this long (against bots that spin).
constexpr std::chrono::seconds shortest_poll{3};
/// A poll of a process that has just ended may still be open: not every conflict is a second Butler.
constexpr int conflicts_until_told = 3;

milliseconds since(steady_clock::time_point start) {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
}

}  // namespace

asio::awaitable<std::string> UpdateLoop::run() {
  co_await wait_for_webhook_to_go();
  for (;;) {
    const auto start = steady_clock::now();
    const std::int64_t offset = store_.next_offset();
    const auto timeout = poll_timeout();
    const auto batch = co_await api_.get_updates(offset, timeout, patience(timeout, start));
    if (batch) {
      hear(*batch);
      // Not kept, or nothing in it that could move the offset: the same batch would come again at once.
      const bool stuck = !keep(*batch) || (batch->updates.empty() && batch->unreadable > 0);
      if (stuck) co_await async::sleep_for(before_storing_again);
      continue;
    }
    health_.failed(explain_poll_error(batch.error()));
    const auto pause = pause_after(batch.error(), health_.failures(), since(start), options_.timing,
                                   process::random_fraction());
    if (pause.stop) co_return explain_poll_error(batch.error());
    note_failure(batch.error(), pause);
    if (is_about_webhook(batch.error())) {
      co_await wait_for_webhook_to_go();
    } else {
      co_await async::sleep_for(pause.wait);
    }
  }
}

/// After a failure a short poll shows soonest that we hear again.
std::chrono::seconds UpdateLoop::poll_timeout() const {
  return health_.failures() == 0 ? options_.poll_timeout : std::min(options_.poll_timeout, shortest_poll);
}

/// For the whole call: until we would have to be called deaf, if that comes first.
milliseconds UpdateLoop::patience(std::chrono::seconds timeout, steady_clock::time_point now) const {
  const milliseconds whole = timeout + options_.patience;
  return std::min(whole, health_.until_deaf(now).value_or(whole));
}

/// Nobody tells us when it goes, so it is looked for again and again.
asio::awaitable<void> UpdateLoop::wait_for_webhook_to_go() {
  for (bool said = false;;) {
    const auto webhook = co_await api_.get_webhook_info();
    if (webhook) pending_at_start_ = webhook->pending_updates;
    if (!webhook || webhook->url.empty()) co_return;
    if (is_ours(*webhook)) {
      co_await take_webhook_away();
      continue;
    }
    if (!std::exchange(said, true)) {
      health_.failed(explain_webhook());
      log::error("telegram.webhook_set", {{"meaning", explain_webhook()}});
    }
    co_await async::sleep_for(options_.webhook_recheck);
  }
}

bool UpdateLoop::is_ours(const telegram::WebhookState& webhook) {
  const auto ours = store_.fact(options_.webhook_fact + ":url");
  return ours && telegram::same_webhook_url(*ours, webhook.url);
}

/// What waits at Telegram is kept for our polls.
asio::awaitable<void> UpdateLoop::take_webhook_away() {
  const auto deleted = co_await api_.delete_webhook();
  if (deleted) {
    store_.remove_fact(options_.webhook_fact + ":set");
    log::info("webhook.deleted");
    co_return;
  }
  health_.failed("our webhook is still set, and cannot be taken away: " + deleted.error().describe());
  const auto pause = pause_after(deleted.error(), health_.failures(), milliseconds{0}, options_.timing,
                                 process::random_fraction());
  log::warn("webhook.failed", {{"error", deleted.error().describe()},
                               {"failures", health_.failures()},
                               {"wait_ms", pause.wait.count()}});
  co_await async::sleep_for(pause.stop ? options_.webhook_recheck : pause.wait);
}

void UpdateLoop::hear(const telegram::UpdateBatch& batch) {
  if (health_.failures() > 0) log::info("poll.works_again", {{"failures", health_.failures()}});
  health_.completed(steady_clock::now());
  said_deaf_ = false;
  conflicts_ = 0;
  if (batch.unreadable > 0) log::error("poll.updates_without_id", {{"count", batch.unreadable}});
}

void UpdateLoop::note_failure(const telegram::ApiError& error, const PollPause& pause) {
  const auto now = steady_clock::now();
  const std::string explanation = explain_poll_error(error);
  log::warn("poll.failed",
            {{"error", explanation}, {"failures", health_.failures()}, {"wait_ms", pause.wait.count()}});
  if (error.error_code == 429) flood_.refused(std::nullopt, pause.wait, now);
  conflicts_ = error.error_code == 409 ? conflicts_ + 1 : 0;
  if (conflicts_ == conflicts_until_told) on_conflict_(error);
  if (!health_.is_deaf(now)) return;
  api_.reconnect_polling();
  if (!std::exchange(said_deaf_, true)) {
    log::error("poll.deaf", {{"without_updates_ms", health_.age(now).count()}, {"error", explanation}});
  }
}

bool UpdateLoop::keep(const telegram::UpdateBatch& batch) {
  try {
    intake_.take(batch.updates, domain::wall_clock_now());
    return true;
  } catch (const StoreFault& fault) {
    log::error("poll.not_stored", {{"error", fault.what()}});
    return false;
  }
}

}  // namespace butler::gateway
