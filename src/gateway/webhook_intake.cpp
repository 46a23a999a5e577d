#include "gateway/webhook_intake.hpp"

#include <utility>

#include "gateway/gateway_store.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

asio::awaitable<bool> WebhookIntake::take(telegram::RawUpdate update) {
  const auto waiting = std::make_shared<Waiting>(Waiting{.update = std::move(update)});
  waiting_.push_back(waiting);
  arrived_.notify_all();
  while (!waiting->kept && !closed_) co_await decided_.wait();
  co_return waiting->kept.value_or(false);
}

asio::awaitable<void> WebhookIntake::run() {
  for (;;) {
    while (waiting_.empty() || closed_) co_await arrived_.wait();
    store_all(std::exchange(waiting_, {}));
    decided_.notify_all();
  }
}

void WebhookIntake::store_all(const Batch& batch) {
  std::vector<telegram::RawUpdate> updates;
  for (const auto& one : batch) updates.push_back(one->update);
  bool kept = true;
  try {
    store_(updates);
  } catch (const StoreFault& fault) {
    log::error("webhook.not_stored", {{"updates", updates.size()}, {"error", fault.what()}});
    kept = false;
  }
  for (const auto& one : batch) one->kept = kept;
}

void WebhookIntake::close() {
  closed_ = true;
  waiting_.clear();
  decided_.notify_all();
}

}  // namespace butler::gateway
