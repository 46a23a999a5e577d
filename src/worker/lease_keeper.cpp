#include "worker/lease_keeper.hpp"

#include <algorithm>
#include <utility>

#include "async/event.hpp"
#include "domain/timestamp.hpp"
#include "log/log.hpp"
#include "process/role.hpp"
#include "worker/persistence.hpp"

namespace butler::worker {

namespace asio = boost::asio;
using std::chrono::milliseconds;

milliseconds heartbeat_interval(domain::Timestamp lease_expires_at, domain::Timestamp now,
                                std::optional<milliseconds> lease, std::optional<milliseconds> configured) {
  milliseconds longest = (lease_expires_at - now) / 3;
  if (lease) longest = std::min(longest, *lease / 3);
  if (configured) longest = std::min(longest, *configured);
  return std::clamp(longest, milliseconds{500}, milliseconds{20'000});
}

namespace {

/// Two times of the orchestrator's, so that our clock is not in it. A claim that is told again comes later
/// than its start, so this is then too long by as much as that, which is less than a lease.
std::optional<milliseconds> length_of_lease(const api::ClaimedJob& claimed) {
  if (!claimed.job.started_at) return std::nullopt;
  return claimed.lease_expires_at - *claimed.job.started_at;
}

}  // namespace

LeaseKeeper::LeaseKeeper(api::OrchestratorClient& orchestrator, const api::ClaimedJob& claimed,
                         std::optional<milliseconds> interval, Handlers handlers)
    : orchestrator_(orchestrator),
      job_id_(claimed.job.id),
      lease_token_(claimed.lease_token),
      lease_expires_at_(claimed.lease_expires_at),
      lease_(length_of_lease(claimed)),
      configured_(interval),
      handlers_(std::move(handlers)) {}

asio::awaitable<void> LeaseKeeper::run() {
  for (int failures = 0;;) {
    const auto interval =
        heartbeat_interval(lease_expires_at_, domain::wall_clock_now(), lease_, configured_);
    const auto wait =
        abort_seen_ ? std::chrono::seconds{0} : std::chrono::ceil<std::chrono::seconds>(interval);
    const auto begin = std::chrono::steady_clock::now();
    const auto answer = co_await orchestrator_.heartbeat(job_id_, lease_token_, wait, last_seen_);
    if (!answer && answer.error().kind == api::CallError::Kind::refused) {
      co_return handlers_.on_refused(answer.error());
    }
    if (!answer) {
      ++failures;
      log::warn("orchestrator.unreachable", {{"call", "heartbeat"},
                                             {"job", job_id_},
                                             {"attempt", failures},
                                             {"error", answer.error().message}});
      const auto delay = domain::retry_delay(call_backoff, failures, process::random_fraction());
      co_await async::sleep_for(std::min(delay, interval));
      continue;
    }
    failures = 0;
    lease_expires_at_ = answer->lease_expires_at;
    if (take_news(*answer)) continue;
    // An answer without news long before its time comes after an abort, or from an orchestrator that does not
    // wait: asking again at once would never end.
    const auto elapsed = std::chrono::steady_clock::now() - begin;
    if (elapsed < interval / 2) co_await async::sleep_for(interval - elapsed);
  }
}

bool LeaseKeeper::take_news(const api::HeartbeatAnswer& answer) {
  // What one answer brings is all that is open, so that both kinds are below its highest number.
  std::int64_t highest = last_seen_;
  for (const auto& message : answer.messages) {
    if (message.seq <= last_seen_) continue;
    highest = std::max(highest, message.seq);
    handlers_.on_message(message);
  }
  for (const auto& decision : answer.decisions) {
    if (decision.seq <= last_seen_) continue;
    highest = std::max(highest, decision.seq);
    handlers_.on_decision(decision);
  }
  bool news = highest > last_seen_;
  last_seen_ = highest;
  if (answer.abort_requested && !abort_seen_) {
    abort_seen_ = true;
    news = true;
    handlers_.on_abort();
  }
  return news;
}

}  // namespace butler::worker
