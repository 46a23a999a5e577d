#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <expected>
#include <functional>
#include <optional>

#include "async/event.hpp"
#include "gateway/delivery_decision.hpp"
#include "gateway/flood_control.hpp"
#include "process/role.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// Makes a call that names no chat and may safely be made twice until it succeeds, or repeat_after() gives it
/// up. What `call` and the references refer to outlives the task.
template <class T>
telegram::ApiCall<T> repeat_call(std::function<telegram::ApiCall<T>()> call, FloodControl& flood,
                                 DeliveryTiming timing = {}) {
  CallFailures failures{.all = 0};
  for (;;) {
    auto result = co_await call();
    if (result) co_return result;
    ++failures.all;
    if (failed_by_server(result.error())) ++failures.by_server;
    const auto wait = repeat_after(result.error(), failures, timing, process::random_fraction());
    if (!wait) co_return result;
    if (result.error().error_code == 429) {
      flood.refused(std::nullopt, *wait, std::chrono::steady_clock::now());
    }
    co_await async::sleep_for(*wait);
  }
}

}  // namespace butler::gateway
