#include "gateway/waiting_notices.hpp"

#include <algorithm>

#include "gateway/reply.hpp"
#include "gateway/wording.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

asio::awaitable<void> WaitingNotices::run() {
  // After a restart each turn gets its first try before anybody is told that it waits.
  const auto started = domain::wall_clock_now();
  for (;;) {
    const auto waiting = store_.waiting_untold(1);
    if (waiting.empty()) {
      co_await new_turn_.wait();
      continue;
    }
    const auto now = domain::wall_clock_now();
    const auto due = std::max({waiting.front().created_at, started, last_taken_}) + patience_;
    if (due > now) {
      co_await async::sleep_for(due - now);
    } else {
      tell(waiting.front());
    }
  }
}

void WaitingNotices::tell(const Turn& oldest) {
  store_.unit([&] {
    store_.set_told_waiting(oldest.lane);
    outbox_.queue({.source = "waiting:" + oldest.idempotency_key,
                   .kind = MessageKind::notice,
                   .to = oldest.lane,
                   .payloads = plain_payloads(
                       wording::waiting_for_orchestrator(languages_.of_person(oldest.requester_id)))});
  });
}

}  // namespace butler::gateway
