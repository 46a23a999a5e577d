#include "egress/relay.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "async/as_result.hpp"

namespace butler::egress {

namespace asio = boost::asio;

namespace {

using async::as_result;
constexpr std::size_t buffer_bytes = std::size_t{32} * 1024;

void end_sending(http::Socket& socket) {
  boost::system::error_code ignored;  // it may be gone
  socket.shutdown(http::Socket::shutdown_send, ignored);
}

}  // namespace

Relay::Relay(http::Socket& client, http::Socket& server, http::Deadlines& deadlines, RelayLimits limits,
             Inspect inspect, Count count)
    : client_(client),
      server_(server),
      limits_(limits),
      inspect_(std::move(inspect)),
      count_(std::move(count)),
      deadline_(deadlines, [this] {
        stop(inspected_ ? "nothing was sent for too long" : "the client did not say what it wants in time");
      }) {}

void Relay::stop(std::string why) {
  if (cut_.empty()) cut_ = std::move(why);
  http::close_quietly(client_);
  http::close_quietly(server_);
}

asio::awaitable<void> Relay::run(std::string early) {
  deadline_.set(http::Deadlines::Clock::now() + limits_.first_bytes_timeout);
  const auto executor = co_await asio::this_coro::executor;
  async::TaskGroup directions(executor);
  directions.spawn("upload", upload(std::move(early)));
  directions.spawn("download", download());
  bool cancelled = false;
  try {
    co_await directions.join();
  } catch (const boost::system::system_error&) {
    cancelled = true;
  }
  if (cancelled) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    directions.cancel();
    co_await directions.join();
  }
  deadline_.clear();
}

/// Counts what has come. False when it must not pass.
bool Relay::take(std::uint64_t& passed, std::size_t size) {
  passed += size;
  if (sent_ + received_ > limits_.bytes) {
    stop("more bytes than one connection may carry");
    return false;
  }
  if (!count_(size)) {
    stop("more bytes than the connections of one job may carry");
    return false;
  }
  if (inspected_) deadline_.set(http::Deadlines::Clock::now() + limits_.idle_timeout);
  return true;
}

asio::awaitable<bool> Relay::pass_first_bytes(std::string early) {
  std::vector<char> buffer(buffer_bytes);
  std::string held = std::move(early);
  if (!take(sent_, held.size())) co_return false;
  for (;;) {
    const auto answer = held.empty() ? std::nullopt : inspect_(held);
    if (answer && !answer->empty()) {
      refused_ = true;
      stop(*answer);
      co_return false;
    }
    if (answer) break;
    const auto [error, size] = co_await client_.async_read_some(asio::buffer(buffer), as_result);
    if (error || !take(sent_, size)) co_return false;
    held.append(buffer.data(), size);
  }
  inspected_ = true;
  deadline_.set(http::Deadlines::Clock::now() + limits_.idle_timeout);
  const auto [error, size] = co_await asio::async_write(server_, asio::buffer(held), as_result);
  co_return !error;
}

/// One piece; false when there is none any more.
asio::awaitable<bool> Relay::pass(http::Socket& from, http::Socket& to, std::uint64_t& passed,
                                  std::vector<char>& buffer) {
  const auto [error, size] = co_await from.async_read_some(asio::buffer(buffer), as_result);
  if (error || !take(passed, size)) co_return false;
  const auto [failed, written] = co_await asio::async_write(to, asio::buffer(buffer.data(), size), as_result);
  co_return !failed;
}

asio::awaitable<void> Relay::upload(std::string early) {
  const bool passed = co_await pass_first_bytes(std::move(early));
  if (passed) {
    std::vector<char> buffer(buffer_bytes);
    bool more = true;
    while (more) more = co_await pass(client_, server_, sent_, buffer);
  }
  // A client that ends without a word has nothing to wait for.
  if (!inspected_) http::close_quietly(server_);
  end_sending(server_);
}

asio::awaitable<void> Relay::download() {
  std::vector<char> buffer(buffer_bytes);
  bool more = true;
  while (more) more = co_await pass(server_, client_, received_, buffer);
  end_sending(client_);
}

}  // namespace butler::egress
