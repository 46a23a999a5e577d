#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

namespace butler::cli {

/// Runs a task in an event loop of its own, to its end; nullopt when Ctrl-C (or SIGTERM, SIGHUP) ended it.
/// What the task throws is thrown.
template <class T>
std::optional<T> run_interruptible(
    const std::function<boost::asio::awaitable<T>(boost::asio::any_io_executor)>& make_task) {
  namespace asio = boost::asio;
  asio::io_context io{1};
  asio::cancellation_signal cancel;
  asio::signal_set signals{io, SIGINT, SIGTERM, SIGHUP};
  bool interrupted = false;
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    interrupted = true;
    cancel.emit(asio::cancellation_type::terminal);
  });
  std::optional<T> result;
  std::exception_ptr fault;
  const auto ended = [&](const std::exception_ptr& error, T value) {
    fault = error;
    if (!error) result = std::move(value);
    signals.cancel();
  };
  asio::co_spawn(io, make_task(io.get_executor()), asio::bind_cancellation_slot(cancel.slot(), ended));
  io.run();
  if (interrupted) return std::nullopt;
  if (fault) std::rethrow_exception(fault);
  return result;
}

}  // namespace butler::cli
