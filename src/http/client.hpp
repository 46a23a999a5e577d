#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
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
};

struct ClientOptions {
  std::size_t idle_connections = 4;     ///< kept open for reuse
  std::chrono::seconds idle_limit{20};  ///< an older idle connection is closed, not used
  std::chrono::milliseconds connect_timeout{10'000};
  std::size_t response_limit = std::size_t{64} * 1024 * 1024;  ///< bytes of one response's body
};

/// Calls one base address over kept connections, with TLS (certificates verified against the system's store)
/// for https. Calls may run side by side; each takes a connection of its own. All calls on the executor's one
/// thread.
///
/// A kept connection that the server closed meanwhile is noticed before anything is written to it. If the
/// server closes it at the same moment, the outcome is `unknown`: the caller knows whether a repeat is safe.
class Client {
 public:
  Client(const boost::asio::any_io_executor& executor, Url base, ClientOptions options = {});
  Client(Client&&) noexcept;
  ~Client();

  /// Sends a request (its target is appended to the base's path; `host`, `content-length` and `connection`
  /// are added) and reads the whole response, within `timeout` for all of it. Cancelling the task closes the
  /// connection.
  boost::asio::awaitable<std::expected<Response, ClientError>> send(Request request,
                                                                    std::chrono::milliseconds timeout);

  const Url& base() const;

 private:
  class Pool;
  std::shared_ptr<Pool> pool_;  // shared with the calls in progress
};

}  // namespace butler::http
