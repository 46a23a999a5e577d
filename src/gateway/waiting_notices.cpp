#include "gateway/waiting_notices.hpp"

#include <algorithm>

#include "gateway/reply.hpp"
#include "gateway/wording.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

asio::awaitable<void> WaitingNotices::run() {
  constexpr std::size_t at_a_time = 50;
  // After a restart each turn gets its first try before anybody is told that it waits.
  const auto started = domain::wall_clock_now();
  for (;;) {
    const auto waiting = store_.waiting_untold(at_a_time);
    if (waiting.empty()) {
      co_await new_turn_.wait();
      continue;
    }
    const auto now = domain::wall_clock_now();
    const auto due = std::max(waiting.front().created_at, started) + patience_;
    if (due > now) {
      co_await async::sleep_for(due - now);
      continue;
    }
    for (const Turn& turn : waiting) {
      if (std::max(turn.created_at, started) + patience_ <= now) tell(turn);
    }
  }
}

void WaitingNotices::tell(const Turn& turn) {
  store_.unit([&] {
    store_.set_told_waiting(turn.id);
    outbox_.queue({.source = "waiting:" + turn.idempotency_key,
                   .kind = MessageKind::notice,
                   .to = turn.lane,
                   .payloads = plain_payloads(wording::waiting_for_orchestrator())});
  });
}

}  // namespace butler::gateway
