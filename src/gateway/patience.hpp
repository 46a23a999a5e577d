#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "api/orchestrator_client.hpp"
#include "async/event.hpp"
#include "gateway/language.hpp"

namespace butler::gateway {

/// Calls until there is an answer, or `give_up` has come.
template <class T>
api::Call<T> patiently(std::function<api::Call<T>()> call, std::chrono::steady_clock::time_point give_up) {
  constexpr std::chrono::milliseconds between_tries{100};
  for (;;) {
    auto answer = co_await call();
    const bool unreachable = !answer && answer.error().kind == api::CallError::Kind::unreachable;
    if (!unreachable || std::chrono::steady_clock::now() + between_tries > give_up) co_return answer;
    co_await async::sleep_for(between_tries);
  }
}

/// The sentence for a call that gave no answer that we wanted.
std::string excuse(wording::Language language, const api::CallError& error);

}  // namespace butler::gateway
