#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "api/orchestrator_client.hpp"
#include "async/event.hpp"
#include "console/access.hpp"

namespace butler::console {

/// The event loop of one command, and the client that it calls the orchestrator with.
class Connection {
 public:
  /// Throws Failure when the address is none.
  explicit Connection(Access access);

  const Access& access() const { return access_; }
  api::OrchestratorClient& orchestrator() { return client_; }
  boost::asio::any_io_executor executor() { return context_.get_executor(); }

  /// Runs the task to its end and returns what it gives. An exception of the task is thrown here.
  template <class T>
  T run(boost::asio::awaitable<T> task) {
    std::optional<T> result;
    run_to_end(keep(std::move(task), result));
    return *std::move(result);
  }

  /// The answer, or Failure with a sentence that says what to do.
  template <class T>
  T require(std::expected<T, api::CallError> answer) const {
    if (!answer) throw Failure(explain(answer.error()));
    if constexpr (!std::is_void_v<T>) return *std::move(answer);
  }

  std::string explain(const api::CallError& error) const;

 private:
  template <class T>
  static boost::asio::awaitable<void> keep(boost::asio::awaitable<T> task, std::optional<T>& result) {
    result.emplace(co_await std::move(task));
  }
  void run_to_end(boost::asio::awaitable<void> task);

  Access access_;
  boost::asio::io_context context_{1};
  api::OrchestratorClient client_;
};

/// Makes a call that may safely be made twice until there is an answer, or `patience` is over: the
/// orchestrator may just be starting again.
template <class T>
api::Call<T> call_patiently(std::function<api::Call<T>()> call,
                            std::chrono::steady_clock::duration patience) {
  constexpr std::chrono::milliseconds between_tries{200};
  const auto give_up = std::chrono::steady_clock::now() + patience;
  for (;;) {
    auto answer = co_await call();
    const bool unreachable = !answer && answer.error().kind == api::CallError::Kind::unreachable;
    if (!unreachable || std::chrono::steady_clock::now() + between_tries > give_up) co_return answer;
    co_await async::sleep_for(between_tries);
  }
}

}  // namespace butler::console
