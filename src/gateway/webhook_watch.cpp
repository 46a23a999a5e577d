#include "gateway/webhook_watch.hpp"

#include <utility>

#include "async/event.hpp"
#include "gateway/webhook_plan.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

/// Once may be a change of ours that was cut off: not every change is somebody else's.
constexpr int times_until_told = 3;

}  // namespace

asio::awaitable<std::string> WebhookWatch::run() {
  for (;;) {
    const auto pause = co_await look();
    if (!pause) co_return refusal_;
    co_await async::sleep_for(*pause);
  }
}

asio::awaitable<WebhookWatch::Pause> WebhookWatch::look() {
  auto state = co_await api_.get_webhook_info();
  if (!state) co_return note_failure(state.error(), explain_poll_error(state.error()));
  state_ = std::move(*state);
  auto reason = reason_to_set_webhook(wanted_, *state_, store_.fact(fact_ + ":set"));
  if (reason) co_return co_await set(*std::move(reason));
  times_set_ = 0;
  judge(*state_);
  co_return options_.recheck;
}

/// The address is remembered before Telegram hears of it: so the webhook is known as ours whenever we die.
asio::awaitable<WebhookWatch::Pause> WebhookWatch::set(std::string reason) {
  const std::string host = webhook_host(wanted_.url);
  if (++times_set_ == times_until_told) on_conflict_(reason);
  store_.set_fact(fact_ + ":url", wanted_.url);
  const auto done = co_await api_.set_webhook(wanted_);
  if (!done) {
    co_return note_failure(done.error(),
                           "Telegram does not take the webhook at " + host + ": " + done.error().describe());
  }
  store_.set_fact(fact_ + ":set", webhook_fingerprint(wanted_));
  if (state_) state_->url = wanted_.url;
  log::info("webhook.set", {{"host", host}, {"reason", reason}});
  health_.completed(std::chrono::steady_clock::now());
  co_return options_.recheck;
}

WebhookWatch::Pause WebhookWatch::note_failure(const telegram::ApiError& error, const std::string& words) {
  health_.failed(words);
  const auto pause =
      pause_after(error, health_.failures(), milliseconds{0}, options_.timing, process::random_fraction());
  if (pause.stop) {
    refusal_ = words;
    return std::nullopt;
  }
  log::warn("webhook.failed",
            {{"error", words}, {"failures", health_.failures()}, {"wait_ms", pause.wait.count()}});
  return pause.wait;
}

void WebhookWatch::judge(const telegram::WebhookState& state) {
  const std::string trouble = webhook_trouble(state, listener_.last_taken(), domain::wall_clock_now());
  if (trouble.empty()) {
    if (!std::exchange(told_trouble_, {}).empty()) log::info("webhook.works_again");
    return health_.completed(std::chrono::steady_clock::now());
  }
  health_.failed(trouble);
  if (std::exchange(told_trouble_, trouble) != trouble)
    log::error("webhook.undelivered", {{"meaning", trouble}});
}

}  // namespace butler::gateway
