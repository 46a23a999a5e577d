#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/deadlines.hpp"
#include "http/message_parser.hpp"
#include "http/socket.hpp"
#include "http/types.hpp"

namespace butler::http {

using Endpoint = boost::asio::generic::stream_protocol::endpoint;

/// The addresses of a host, or that of the unix socket, without waiting longer than `deadline`. The error is
/// a sentence.
boost::asio::awaitable<std::expected<std::vector<Endpoint>, std::string>> resolve(
    boost::asio::any_io_executor executor, Url base, Deadlines::Clock::time_point deadline);

/// One connection of a client, plain or TLS. When the deadline passes, the connection is closed and whatever
/// it waits for fails with a text that says so. All errors are sentences.
class ClientConnection {
 public:
  /// `tls`: null for plain; outlives the connection.
  ClientConnection(const boost::asio::any_io_executor& executor, Deadlines& deadlines,
                   boost::asio::ssl::context* tls);

  void set_deadline(Deadlines::Clock::time_point at) { deadline_.set(at); }
  void clear_deadline() { deadline_.clear(); }

  boost::asio::awaitable<std::expected<void, std::string>> connect(Endpoint endpoint);
  /// With TLS: proves that the peer is `host`. Without: nothing. `setting` names the trusted authorities for
  /// people; "" for the system's.
  boost::asio::awaitable<std::expected<void, std::string>> secure(std::string host, std::string_view setting);

  struct Written {
    bool anything = false;  ///< bytes may have reached the peer
    std::string error;      ///< empty when all was written
  };
  boost::asio::awaitable<Written> write(std::string head, const std::string& body);
  /// A source that fails closes the connection. When the server answers before it has all, the rest stays
  /// unsent, with an error: its answer can be read.
  boost::asio::awaitable<Written> write(std::string head, BodySource& body);

  boost::asio::awaitable<std::expected<Response, std::string>> read_response(std::size_t body_limit,
                                                                             bool without_body);

  /// Status and fields only; read_piece() brings the body.
  boost::asio::awaitable<std::expected<Response, std::string>> read_head(std::size_t body_limit,
                                                                         bool without_body);
  /// What comes next of the body, nullopt at its end. Nothing is read ahead of the call.
  boost::asio::awaitable<std::expected<std::optional<std::string>, std::string>> read_piece();

  /// After a response: true when the peer keeps the connection open and has sent nothing beyond it.
  bool is_reusable() const { return reusable_; }
  /// Its deadline has passed.
  bool has_timed_out() const { return timed_out_; }
  /// While idle: true when the peer has neither closed nor said anything.
  bool is_quiet();

 private:
  boost::asio::awaitable<std::expected<void, std::string>> read_more();
  std::string explain(const boost::system::error_code& error);

  Socket socket_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  std::optional<ResponseParser> parser_;  ///< of the response that is being read
  std::string buffer_;                    ///< received; `kept_` bytes at its start are not used up yet
  std::size_t kept_ = 0;
  bool reusable_ = false;
  bool timed_out_ = false;
  Deadlines::Entry deadline_;
};

}  // namespace butler::http
