#pragma once

#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>

/// For tests over real sockets: everything on one io_context, and nothing waits longer than a deadline.
namespace butler::http::test {

inline constexpr std::chrono::seconds patience{60};

/// Runs the loop until the task has ended; other tasks go on meanwhile.
inline void run(boost::asio::io_context& io, boost::asio::awaitable<void> task) {
  bool ended = false;
  std::exception_ptr fault;
  boost::asio::co_spawn(io, std::move(task), [&ended, &fault](std::exception_ptr error) {
    ended = true;
    fault = std::move(error);
  });
  const auto deadline = std::chrono::steady_clock::now() + patience;
  io.restart();
  while (!ended && std::chrono::steady_clock::now() < deadline) io.run_one_until(deadline);
  if (!ended) throw std::runtime_error("the test's task did not end");
  if (fault) std::rethrow_exception(fault);
}

/// Runs the loop until the condition holds.
template <class Condition>
bool run_until(boost::asio::io_context& io, Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  io.restart();
  while (!condition() && std::chrono::steady_clock::now() < deadline) {
    io.run_one_for(std::chrono::milliseconds{5});
    io.restart();
  }
  return condition();
}

/// Reads until `end` has come, and returns all up to and with it.
inline boost::asio::awaitable<std::string> read_until(boost::asio::ip::tcp::socket& socket,
                                                      std::string& buffer, std::string end) {
  const std::size_t size = co_await boost::asio::async_read_until(socket, boost::asio::dynamic_buffer(buffer),
                                                                  end, boost::asio::use_awaitable);
  std::string text = buffer.substr(0, size);
  buffer.erase(0, size);
  co_return text;
}

inline boost::asio::awaitable<void> write(boost::asio::ip::tcp::socket& socket, std::string text) {
  co_await boost::asio::async_write(socket, boost::asio::buffer(text), boost::asio::use_awaitable);
}

/// Closes so that the other side sees a reset.
inline void reset(boost::asio::ip::tcp::socket& socket) {
  socket.set_option(boost::asio::socket_base::linger(true, 0));
  socket.close();
}

}  // namespace butler::http::test
