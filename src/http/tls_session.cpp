#include "http/tls_session.hpp"

#include <openssl/ssl.h>

#include <boost/asio/write.hpp>
#include <utility>

#include "async/as_result.hpp"

namespace butler::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// As much as one record of TLS can hold.
constexpr std::size_t record_bytes = std::size_t{16} * 1024;

}  // namespace

TlsSession::TlsSession(Socket socket, std::shared_ptr<ServerTls> tls)
    : tls_(std::move(tls)),
      socket_(std::move(socket)),
      stream_(socket_, tls_->context()),
      arrived_(socket_.get_executor()) {}

asio::awaitable<bool> TlsSession::handshake() {
  const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, async::as_result);
  co_return !error;
}

/// No lambda: Asio's own functions are named after it, with the path of its source in the program.
struct TlsSession::Reading {
  std::shared_ptr<TlsSession> self;

  void operator()(const error_code& error, std::size_t count) const {
    self->have_read(error.failed(), count);
  }
};

void TlsSession::start_reading() {
  if (reading_ || held_ > 0 || ended_) return;
  reading_ = true;
  buffer_.resize(record_bytes);
  stream_.async_read_some(asio::buffer(buffer_), Reading{shared_from_this()});
}

void TlsSession::have_read(bool failed, std::size_t count) {
  reading_ = false;
  held_ = count;
  ended_ = failed;
  arrived_.notify_all();
  auto on_close = std::exchange(on_close_, nullptr);
  if (failed && on_close) on_close();
}

asio::awaitable<std::optional<std::string_view>> TlsSession::read() {
  while (held_ == 0 && !ended_) {
    start_reading();
    co_await arrived_.wait();
  }
  if (held_ == 0) co_return std::nullopt;
  co_return std::string_view{buffer_.data(), std::exchange(held_, 0)};
}

asio::awaitable<bool> TlsSession::write(Pieces pieces) {
  const auto [error, count] = co_await asio::async_write(stream_, pieces, async::as_result);
  co_return !error;
}

void TlsSession::watch_close(std::function<void()> on_close) {
  on_close_ = std::move(on_close);
  if (ended_) {
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
      auto call = std::exchange(self->on_close_, nullptr);
      if (call) call();
    });
    return;
  }
  start_reading();
}

bool TlsSession::is_at_rest() {
  return held_ == 0 && SSL_has_pending(stream_.native_handle()) == 0 && peek(socket_) != Arrived::data;
}

asio::awaitable<void> TlsSession::say_goodbye() {
  if (reading_) co_return;  // two at once would not do; the client sees the end of the connection
  co_await stream_.async_shutdown(async::as_result);
}

}  // namespace butler::http
