#pragma once

#include <boost/asio/awaitable.hpp>
#include <exception>
#include <expected>
#include <type_traits>
#include <utility>

namespace butler::console {

/// What a task gave, or the exception it ended by.
template <class T>
using Ended = std::expected<T, std::exception_ptr>;

/// Runs the task and keeps its fault. Of several tasks of which the first to end counts (`||`), one that
/// throws is no end: the others would be waited for, perhaps for ever.
template <class T>
boost::asio::awaitable<Ended<T>> keep_fault(boost::asio::awaitable<T> task) {
  std::exception_ptr fault;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      co_return Ended<T>{};
    } else {
      co_return co_await std::move(task);
    }
  } catch (...) {
    fault = std::current_exception();
  }
  co_return std::unexpected(fault);
}

/// The value; throws what the task threw.
template <class T>
T value_or_throw(Ended<T> ended) {
  if (!ended) std::rethrow_exception(ended.error());
  if constexpr (!std::is_void_v<T>) return *std::move(ended);
}

}  // namespace butler::console
