#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "api/orchestrator_client.hpp"
#include "domain/backoff.hpp"
#include "log/log.hpp"
#include "process/role.hpp"
#include "worker/stop.hpp"

namespace butler::worker {

/// Until when an unanswered call is repeated.
enum class GiveUp : std::uint8_t {
  when_stop_is_requested,  ///< for calls that begin something
  when_grace_is_over,      ///< for calls that bring something to its end
};

/// Waits between repeats. The cap is well inside a lease: a job's calls must not wait its lease away.
inline constexpr domain::Backoff call_backoff{
    .initial = std::chrono::milliseconds{100}, .factor = 2.0, .cap = std::chrono::milliseconds{5'000}};

/// An answer that did not come.
inline api::CallError unreachable(std::string message) {
  api::CallError error;
  error.message = std::move(message);
  return error;
}

/// A call whose fault is an answer that did not come: in the race below a fault would count as still under
/// way.
template <class T>
api::Call<T> without_fault(api::Call<T> call) {
  try {
    co_return co_await std::move(call);
  } catch (const std::exception& fault) {
    co_return std::unexpected(unreachable(fault.what()));
  }
}

/// Repeats a call that the orchestrator did not answer, with backoff and jitter, until it accepts or refuses;
/// the worker's stop ends it as `unreachable`. `make_call()` starts one try and is kept until the end.
template <class T, class MakeCall>
api::Call<T> persist(std::string name, MakeCall make_call, Stop& stop, GiveUp give_up) {
  using boost::asio::experimental::awaitable_operators::operator||;
  for (int attempt = 1;; ++attempt) {
    auto end = give_up == GiveUp::when_stop_is_requested ? stop.wait() : stop.wait_expired();
    auto race = without_fault<T>(make_call()) || std::move(end);
    auto first = co_await std::move(race);
    if (first.index() == 1) {
      co_return std::unexpected(unreachable("the worker is stopping"));
    }
    std::expected<T, api::CallError> result = std::get<0>(std::move(first));
    if (result || result.error().kind == api::CallError::Kind::refused) co_return result;
    log::warn("orchestrator.unreachable",
              {{"call", name}, {"attempt", attempt}, {"error", result.error().message}});
    const auto delay = domain::retry_delay(call_backoff, attempt, process::random_fraction());
    co_await stop.pause(delay);
  }
}

}  // namespace butler::worker
