#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "http/listening_socket.hpp"
#include "http/socket.hpp"
#include "http/types.hpp"

namespace butler::http {

class ServerTls;

/// How many bytes of body a request may have, and what takes them as they arrive. Without a sink they are
/// kept for Request::body.
struct BodyLimit {
  std::size_t bytes = 0;
  std::shared_ptr<BodySink> sink = {};
};

/// A client's connection after a CONNECT: what passes on it is no HTTP any more.
struct Tunnel {
  Socket& socket;     ///< non-blocking; the application's until its serve() returns, then it is closed
  std::string early;  ///< what the client has sent already
};

/// One request's way back to its client.
class Exchange {
 public:
  virtual ~Exchange() = default;

  /// Answers with a whole response; a source's bytes are read no faster than the client takes them. Once per
  /// exchange, and not after begin_stream().
  virtual boost::asio::awaitable<void> send(Response response) = 0;

  /// Sends status and fields, and leaves the body open (chunked, or until close for HTTP/1.0).
  virtual boost::asio::awaitable<void> begin_stream(Response head) = 0;

  /// Sends a piece of the open body at once. Returns false when the client has gone.
  virtual boost::asio::awaitable<bool> write(std::string bytes) = 0;

  /// While the answer is waited for: calls `on_close` (once, from the event loop) when the client closes the
  /// connection. The watch ends with unwatch(), or with the next send, begin_stream or write.
  virtual void watch_close(std::function<void()> on_close) = 0;
  virtual void unwatch() = 0;

  /// Answers a CONNECT with 200 and hands over the connection. Instead of send(); throws std::logic_error for
  /// any other method. Nothing but a cut by the server has a deadline then.
  virtual boost::asio::awaitable<Tunnel> tunnel() = 0;
};

/// What a server serves.
class Application {
 public:
  virtual ~Application() = default;

  /// Decides on the head alone, before the body is read: a refusal, or how large the body may be.
  virtual std::variant<Response, BodyLimit> admit(const RequestHead& head) = 0;

  /// Answers an admitted request through the exchange. An exception that escapes is answered with 500
  /// `{"error":"internal_error"}` when nothing was sent yet, and logged as `http.fault`.
  virtual boost::asio::awaitable<void> serve(Request request, Exchange& exchange) = 0;
};

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free port, see Server::port()
  std::size_t header_bytes = std::size_t{32} * 1024;
  std::shared_ptr<ServerTls> tls = {};                 ///< null for plain connections
  std::size_t connections = 10'000;                    ///< see Server
  std::chrono::milliseconds stranger_patience{1'000};  ///< see Server
  std::chrono::seconds handshake_timeout{10};          ///< of TLS
  std::chrono::seconds head_timeout{15};               ///< from a request's first byte to the end of its head
  std::chrono::seconds body_timeout{60};               ///< for the whole body
  std::size_t body_rate =
      std::size_t{128} * 1024;             ///< for a sink's body there is also a second for so many bytes
  std::chrono::seconds write_timeout{60};  ///< for a response, or a piece of a stream, to be taken
  std::chrono::seconds idle_timeout{120};  ///< a kept connection without a request
};

/// HTTP/1.1 server: keep-alive, limits at every edge, one coroutine a connection, one thread.
///
/// Refused without a call of the application: a malformed head 400, one that is too large 431, content-length
/// and transfer-encoding together, or a field that goes on in a next line, 400, HTTP/1.1 without exactly one
/// host 400, a body over its limit 413, an unknown transfer coding 501; a POST or PUT with neither length nor
/// chunks is a request without a body. A connection whose request was refused is closed. `expect:
/// 100-continue` is honoured after admission. A CONNECT with a body is refused with 400, and over TLS there
/// are no tunnels.
///
/// When as many connections are open as may be, one is closed for a new one: the oldest on which no request
/// was admitted within the patience for strangers, else the one that has idled longest. So whoever opens
/// connections and says nothing, or little, keeps nobody out. Without such a one, the new one is answered
/// 503.
class Server {
 public:
  Server(const boost::asio::any_io_executor& executor, ServerOptions options, Application& application);
  ~Server();

  /// Listens on the options' host and port. Throws what ListeningSocket::on_port() throws.
  void listen();
  /// Listens on what others have opened. Its socket file, if it has one, goes when the server shuts down.
  void listen(ListeningSocket socket);
  std::uint16_t port() const;
  /// How many are open.
  std::size_t connections() const;

  /// Accepts and serves until shut_down() has finished, or the task is cancelled.
  boost::asio::awaitable<void> run();

  /// Stops accepting, closes idle connections, lets requests in flight finish for at most `grace`, then cuts
  /// them.
  boost::asio::awaitable<void> shut_down(std::chrono::milliseconds grace);

 private:
  class Listener;
  std::shared_ptr<Listener> listener_;  // shared with its coroutines
};

}  // namespace butler::http
