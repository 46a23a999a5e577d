#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "async/event.hpp"
#include "http/server_tls.hpp"
#include "http/socket.hpp"

namespace butler::http {

/// The server's side of one TLS connection. It owns the socket, and reads ahead by one piece at most: a read
/// that has begun is never cancelled (that could lose bytes), whoever wants bytes next gets what it brings.
class TlsSession : public std::enable_shared_from_this<TlsSession> {
 public:
  TlsSession(Socket socket, std::shared_ptr<ServerTls> tls);

  Socket& socket() { return socket_; }

  /// False when the client does not speak TLS, or nothing that we do.
  boost::asio::awaitable<bool> handshake();

  /// What the client says next; nullopt at the end, or when the connection is broken. Valid until the next
  /// call of anything here.
  boost::asio::awaitable<std::optional<std::string_view>> read();

  using Pieces = std::array<boost::asio::const_buffer, 3>;
  /// False when the connection broke.
  boost::asio::awaitable<bool> write(Pieces pieces);

  /// Calls `on_close` once when the client ends the connection before it says something more.
  void watch_close(std::function<void()> on_close);
  void unwatch() { on_close_ = nullptr; }

  /// Nothing has come that was not read().
  bool is_at_rest();
  /// Whether the client's end of the connection was seen.
  bool has_ended() const { return ended_; }

  /// Says goodbye, so that the client can tell the end from a cut, and waits for its goodbye until somebody
  /// closes the socket.
  boost::asio::awaitable<void> say_goodbye();

 private:
  struct Reading;

  void start_reading();
  void have_read(bool failed, std::size_t count);

  std::shared_ptr<ServerTls> tls_;
  Socket socket_;
  boost::asio::ssl::stream<Socket&> stream_;
  async::Event arrived_;
  std::function<void()> on_close_;
  std::vector<char> buffer_;
  std::size_t held_ = 0;  ///< bytes in the buffer that nobody has read
  bool reading_ = false;
  bool ended_ = false;
};

}  // namespace butler::http
