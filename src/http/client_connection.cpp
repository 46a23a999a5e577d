#include "http/client_connection.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include "async/as_result.hpp"
#include "http/body.hpp"
#include "http/message_writer.hpp"

namespace butler::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

using async::as_result;
constexpr std::size_t read_piece_bytes = std::size_t{16} * 1024;

/// The system's resolver blocks a thread and cannot be interrupted: who gave up waiting leaves this behind.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), answered(executor) {}

  tcp::resolver resolver;
  asio::steady_timer answered;
  bool done = false;
  error_code error;
  std::vector<Endpoint> endpoints;
};

/// Makes the handshake fail unless the certificate is for that name or address; a name is also sent (SNI).
bool expect_peer(SSL* session, const std::string& host) {
  error_code not_numeric;
  asio::ip::make_address(host, not_numeric);
  if (!not_numeric) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1;
  SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(session, host.c_str()) == 1 && SSL_set_tlsext_host_name(session, host.c_str()) == 1;
}

/// Why the peer's certificate was not taken, and what mends that. `setting` names the trusted authorities.
std::string explain_refusal(long result, const std::string& host, std::string_view setting) {
  const std::string why = std::string{" ("} + X509_verify_cert_error_string(result) + ")";
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the server's certificate, or one that it is signed with, has expired" + why +
             ": renew it at the server";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the server's certificate is not valid yet" + why + ": look at the clocks of both machines";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the server's certificate is for other names than " + host + why +
             ": call it by one of those, or give it a certificate with this name";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return "the server's certificate is signed by none of the authorities that are trusted here" + why +
             (setting.empty() ? "" : ": " + std::string{setting} + " names the right one's file");
    default: return "the server's certificate is not taken" + why;
  }
}

}  // namespace

asio::awaitable<std::expected<std::vector<Endpoint>, std::string>> resolve(
    asio::any_io_executor executor, Url base, Deadlines::Clock::time_point deadline) {
  if (!base.socket_path.empty()) {
    co_return std::vector<Endpoint>{asio::local::stream_protocol::endpoint(base.socket_path)};
  }
  error_code not_numeric;
  const auto address = asio::ip::make_address(base.host, not_numeric);
  if (!not_numeric)
    co_return std::vector<Endpoint>{tcp::endpoint(address, static_cast<std::uint16_t>(std::stoi(base.port)))};

  const auto lookup = std::make_shared<Lookup>(executor);
  lookup->answered.expires_at(deadline);
  lookup->resolver.async_resolve(
      base.host, base.port, [lookup](const error_code& error, const tcp::resolver::results_type& results) {
        lookup->done = true;
        lookup->error = error;
        for (const auto& result : results) lookup->endpoints.push_back(result.endpoint());
        lookup->answered.cancel();
      });
  co_await lookup->answered.async_wait(as_result);
  if (!lookup->done) co_return std::unexpected("timed out");
  if (lookup->error) co_return std::unexpected(lookup->error.message());
  co_return std::move(lookup->endpoints);
}

ClientConnection::ClientConnection(const asio::any_io_executor& executor, Deadlines& deadlines,
                                   asio::ssl::context* tls)
    : socket_(executor), deadline_(deadlines, [this] {
        timed_out_ = true;
        close_quietly(socket_);
      }) {
  if (tls != nullptr) tls_.emplace(socket_, *tls);
}

asio::awaitable<std::expected<void, std::string>> ClientConnection::connect(Endpoint endpoint) {
  const auto [error] = co_await socket_.async_connect(endpoint, as_result);
  if (error) co_return std::unexpected(explain(error));
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);  // for is_quiet()
  co_return std::expected<void, std::string>{};
}

asio::awaitable<std::expected<void, std::string>> ClientConnection::secure(std::string host,
                                                                           std::string_view setting) {
  if (!tls_) co_return std::expected<void, std::string>{};
  if (!expect_peer(tls_->native_handle(), host))
    co_return std::unexpected("TLS: the host's name cannot be verified");
  tls_->set_verify_mode(asio::ssl::verify_peer);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, as_result);
  if (!error) co_return std::expected<void, std::string>{};
  const long verified = SSL_get_verify_result(tls_->native_handle());
  co_return std::unexpected("TLS: " + (verified == X509_V_OK || timed_out_
                                           ? explain(error)
                                           : explain_refusal(verified, host, setting)));
}

asio::awaitable<ClientConnection::Written> ClientConnection::write(std::string head,
                                                                   const std::string& body) {
  reusable_ = false;
  const bool join = body.size() <= joined_body;
  if (join) head.append(body);
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(head),
                                                  join ? asio::const_buffer{} : asio::buffer(body)};
  error_code error;
  std::size_t count = 0;
  if (tls_) {
    std::tie(error, count) = co_await asio::async_write(*tls_, buffers, as_result);
    // A record is counted only once it is out: a failed one may have been.
    co_return Written{.anything = true, .error = error ? explain(error) : std::string{}};
  }
  std::tie(error, count) = co_await asio::async_write(socket_, buffers, as_result);
  co_return Written{.anything = count > 0, .error = error ? explain(error) : std::string{}};
}

asio::awaitable<ClientConnection::Written> ClientConnection::write(std::string head, BodySource& body) {
  std::string next = std::move(head);
  Written written;
  std::uint64_t left = body.size();
  for (;;) {
    const auto piece = co_await write(std::exchange(next, {}), std::string{});
    written.anything = written.anything || piece.anything;
    written.error = piece.error;
    if (!written.error.empty() || left == 0) co_return written;
    // Behind TLS there may be records that are no answer: there it is seen when all is written.
    if (!tls_ && peek(socket_) != Arrived::nothing) {
      written.error = "the server answered before it had the whole request";
      co_return written;
    }
    next.resize(std::min<std::uint64_t>(left, body_piece));
    try {
      next.resize(body.read(next));
      if (next.empty()) throw std::runtime_error("the body's source has ended too early");
    } catch (const std::exception& fault) {
      close_quietly(socket_);
      written.error = fault.what();
      co_return written;
    }
    left -= next.size();
  }
}

asio::awaitable<std::expected<Response, std::string>> ClientConnection::read_response(std::size_t body_limit,
                                                                                      bool without_body) {
  parser_.emplace(body_limit, without_body);
  while (parser_->state() == ResponseParser::State::reading) {
    const auto more = co_await read_more();
    if (!more) co_return std::unexpected(more.error());
  }
  if (parser_->state() == ResponseParser::State::failed) co_return std::unexpected(parser_->error());
  co_return parser_->take_response();
}

asio::awaitable<std::expected<Response, std::string>> ClientConnection::read_head(std::size_t body_limit,
                                                                                  bool without_body) {
  parser_.emplace(body_limit, without_body);
  while (parser_->state() == ResponseParser::State::reading && !parser_->has_head()) {
    const auto more = co_await read_more();
    if (!more) co_return std::unexpected(more.error());
  }
  if (parser_->state() == ResponseParser::State::failed) co_return std::unexpected(parser_->error());
  co_return parser_->take_head();
}

asio::awaitable<std::expected<std::optional<std::string>, std::string>> ClientConnection::read_piece() {
  std::string piece = parser_->take_body();
  while (piece.empty() && parser_->state() == ResponseParser::State::reading) {
    const auto more = co_await read_more();
    if (!more) co_return std::unexpected(more.error());
    piece = parser_->take_body();
  }
  if (!piece.empty()) co_return piece;
  if (parser_->state() == ResponseParser::State::failed) co_return std::unexpected(parser_->error());
  co_return std::nullopt;
}

/// Receives once and parses it.
asio::awaitable<std::expected<void, std::string>> ClientConnection::read_more() {
  buffer_.resize(kept_ + read_piece_bytes);
  const auto space = asio::buffer(buffer_.data() + kept_, read_piece_bytes);
  error_code error;
  std::size_t count = 0;
  if (tls_) {
    std::tie(error, count) = co_await tls_->async_read_some(space, as_result);
  } else {
    std::tie(error, count) = co_await socket_.async_read_some(space, as_result);
  }
  if (error == asio::error::eof) {
    parser_->put_eof();
    kept_ = 0;
  } else if (error) {
    co_return std::unexpected(explain(error));
  } else {
    const std::size_t used = parser_->put(std::string_view{buffer_}.substr(0, kept_ + count));
    kept_ += count - used;
    buffer_.erase(0, used);
  }
  if (parser_->state() == ResponseParser::State::done) reusable_ = kept_ == 0 && parser_->keep_alive();
  co_return std::expected<void, std::string>{};
}

bool ClientConnection::is_quiet() { return peek(socket_) == Arrived::nothing; }

std::string ClientConnection::explain(const error_code& error) {
  if (timed_out_) return "timed out";
  if (!tls_ || error.category() != asio::error::get_ssl_category()) return error.message();
  const long verified = SSL_get_verify_result(tls_->native_handle());
  return verified == X509_V_OK ? error.message() : X509_verify_cert_error_string(verified);
}

}  // namespace butler::http
