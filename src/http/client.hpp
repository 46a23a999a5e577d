#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/types.hpp"

namespace butler::http {

/// Why there is no response.
struct ClientError {
  enum class Outcome : std::uint8_t {
    not_sent,  ///< provably nothing reached the server: name, connect or TLS failed, or nothing was written
    unknown,   ///< bytes were written and the answer is missing, cut or unreadable: it may have taken effect
  };
  Outcome outcome = Outcome::not_sent;
  std::string message;
  bool timed_out = false;  ///< the server took the request and said nothing in time
};

struct ClientOptions {
  std::size_t idle_connections = 4;     ///< kept open for reuse
  std::chrono::seconds idle_limit{20};  ///< an older idle connection is closed, not used
  std::chrono::milliseconds connect_timeout{10'000};
  std::size_t response_limit = std::size_t{64} * 1024 * 1024;  ///< bytes of one response's body
};

/// Who may have signed the certificate of an https server.
struct Authorities {
  std::string text = {};     ///< their certificates, PEM; "" for the system's store
  std::string setting = {};  ///< the setting that names them, for messages; "" when there is none
};

class ClientConnection;

/// A response whose body is still on its way. Until the body has ended, its destruction closes the
/// connection.
class ResponseStream {
 public:
  ResponseStream(ResponseStream&&) noexcept;
  ResponseStream& operator=(ResponseStream&&) = delete;
  ~ResponseStream();

  /// Status and fields; its body is empty.
  const Response& head() const { return head_; }

  /// The next piece of the body, as soon as one has come; nullopt at the body's end. Nothing is read ahead of
  /// the call: who does not ask holds the server up. The error is a sentence. After it, and after the end,
  /// not to be called again. Cancelling the task closes the connection.
  boost::asio::awaitable<std::expected<std::optional<std::string>, std::string>> read(
      std::chrono::milliseconds timeout);

 private:
  friend class Client;
  using GiveBack = std::function<void(std::unique_ptr<ClientConnection>)>;

  ResponseStream(Response head, std::unique_ptr<ClientConnection> connection, GiveBack give_back);

  Response head_;
  std::unique_ptr<ClientConnection> connection_;
  GiveBack give_back_;  ///< takes a connection that can be used again
};

/// Calls one base address over kept connections, with TLS for https: chain and host name of the server's
/// certificate are always verified. Calls may run side by side; each takes a connection of its own. All calls
/// on the executor's one thread.
///
/// A kept connection that the server closed meanwhile is noticed before anything is written to it. If the
/// server closes it at the same moment, the outcome is `unknown`: the caller knows whether a repeat is safe.
class Client {
 public:
  /// Throws std::runtime_error when the authorities are none.
  Client(const boost::asio::any_io_executor& executor, Url base, ClientOptions options = {},
         Authorities authorities = {});
  Client(Client&&) noexcept;
  /// Calls in progress end on the connections they have.
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// Sends a request (its target is appended to the base's path; `host`, `content-length` and `connection`
  /// are added) and reads the whole response, within `timeout` for all of it. Cancelling the task closes the
  /// connection.
  boost::asio::awaitable<std::expected<Response, ClientError>> send(Request request,
                                                                    std::chrono::milliseconds timeout);

  /// Sends a request as send() does and reads the head of the response, within `timeout`. The body is the
  /// caller's to read, at its own pace; of it at most `response_limit` bytes are taken.
  boost::asio::awaitable<std::expected<ResponseStream, ClientError>> open(Request request,
                                                                          std::chrono::milliseconds timeout);

  /// The calls whose answer has not come end now, as if their time were over: for somebody who has found out
  /// that the server says nothing. Not those that send a source, which can be sent once only.
  void end_waiting();

  const Url& base() const;

 private:
  class Pool;
  std::shared_ptr<Pool> pool_;  // shared with the calls in progress
};

}  // namespace butler::http
