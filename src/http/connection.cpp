#include "http/connection.hpp"

#include <algorithm>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <exception>
#include <stdexcept>
#include <utility>
#include <vector>

#include "async/as_result.hpp"
#include "http/body.hpp"
#include "http/message_parser.hpp"
#include "http/message_writer.hpp"
#include "log/log.hpp"

namespace butler::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using async::as_result;
constexpr std::size_t scratch_size = std::size_t{64} * 1024;
constexpr std::chrono::milliseconds deadline_resolution{100};
/// How long a refused client may go on sending before its answer is given up.
constexpr std::chrono::seconds linger_limit{2};

bool is_blocked(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

/// Takes written bytes off the front; false when nothing is left.
template <class Pieces>
bool advance(Pieces& pieces, std::size_t written) {
  bool left = false;
  for (auto& piece : pieces) {
    const std::size_t taken = std::min(written, piece.size());
    piece += taken;
    written -= taken;
    left = left || piece.size() > 0;
  }
  return left;
}

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view tunnel_line = "HTTP/1.1 200 Connection established\r\n\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";

std::string hex(std::size_t number) {
  std::string text;
  for (; number > 0; number >>= 4U) text.insert(text.begin(), "0123456789abcdef"[number & 0xFU]);
  return text;
}

std::string what(const std::exception_ptr& fault) {
  try {
    std::rethrow_exception(fault);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "not an exception of the standard library";
  }
}

}  // namespace

Hub::Hub(const asio::any_io_executor& executor, ServerOptions server_options, Application& served)
    : options(std::move(server_options)),
      application(served),
      deadlines(executor, deadline_resolution),
      ended(executor),
      scratch(scratch_size) {}

Connection::Connection(Socket socket, std::shared_ptr<Hub> hub)
    : hub_(std::move(hub)),
      plain_(std::move(socket)),
      tls_(hub_->options.tls ? std::make_shared<TlsSession>(std::move(plain_), hub_->options.tls) : nullptr),
      socket_(tls_ ? tls_->socket() : plain_),
      deadline_(hub_->deadlines, [this] { cut(); }),
      place_(hub_->connections.insert(hub_->connections.end(), this)) {}

Connection::~Connection() {
  unwatch();
  close_quietly(socket_);  // a read of TLS that has begun holds on to the socket
  hub_->connections.erase(place_);
  hub_->ended.notify_all();
}

asio::awaitable<void> Connection::run(Socket socket, std::shared_ptr<Hub> hub) {
  Connection connection(std::move(socket), std::move(hub));
  bool more = co_await connection.shake_hands();
  while (more) more = co_await connection.serve_one();
  co_await connection.say_goodbye();
}

void Connection::cut() {
  broken_ = true;
  keep_ = false;
  close_quietly(socket_);
}

bool Connection::close_if_idle() {
  if (phase_ != Phase::idle || !socket_.is_open() || !is_at_rest()) return false;
  close_quietly(socket_);
  return true;
}

bool Connection::cut_if_stranger() {
  if (admitted_ || !socket_.is_open()) return false;
  if (Deadlines::Clock::now() - opened_ < hub_->options.stranger_patience) return false;
  cut();
  return true;
}

/// Nothing of a request has come, not even to the socket: closing now cannot cut one.
bool Connection::is_at_rest() {
  if (!pending_.empty()) return false;
  return tls_ ? tls_->is_at_rest() : peek(socket_) != Arrived::data;
}

void Connection::enter(Phase phase) {
  if (phase == phase_ && phase != Phase::idle) return;
  phase_ = phase;
  const ServerOptions& options = hub_->options;
  switch (phase) {
    case Phase::idle:
      hub_->connections.splice(hub_->connections.end(), hub_->connections, place_);
      return deadline_.set(Deadlines::Clock::now() + options.idle_timeout);
    case Phase::handshake: return deadline_.set(Deadlines::Clock::now() + options.handshake_timeout);
    case Phase::head: return deadline_.set(Deadlines::Clock::now() + options.head_timeout);
    case Phase::body: {
      const std::chrono::seconds for_bytes{streamed_bytes_ / options.body_rate};
      return deadline_.set(Deadlines::Clock::now() + options.body_timeout + for_bytes);
    }
    case Phase::serving: return deadline_.clear();
  }
}

asio::awaitable<bool> Connection::shake_hands() {
  if (!tls_) co_return true;
  enter(Phase::handshake);
  const bool agreed = co_await tls_->handshake();
  if (!agreed) log::debug("http.handshake_failed");
  keep_ = broken_ = !agreed;
  co_return agreed;
}

asio::awaitable<void> Connection::say_goodbye() {
  if (!tls_ || broken_ || !socket_.is_open()) co_return;
  deadline_.set(Deadlines::Clock::now() + linger_limit);
  co_await tls_->say_goodbye();
}

asio::awaitable<bool> Connection::serve_one() {
  auto request = co_await receive();
  if (!request) co_return false;
  co_await serve(*std::move(request));
  co_return keep_ && !broken_;
}

asio::awaitable<std::optional<Request>> Connection::receive() {
  enter(Phase::idle);
  answer_ = Answer::none;
  if (hub_->stopping && is_at_rest()) co_return std::nullopt;

  RequestParser parser(hub_->options.header_bytes, hub_->application);
  bool begun = !pending_.empty();
  bool invited = false;
  if (begun) feed(parser, {});
  while (parser.state() == RequestParser::State::head || parser.state() == RequestParser::State::body) {
    if (parser.state() == RequestParser::State::body) {
      admitted_ = true;
      streamed_bytes_ = parser.streamed_bytes();
      enter(Phase::body);
    } else if (begun) {
      enter(Phase::head);
    }
    if (parser.wants_continue() && pending_.empty() && !invited) {
      invited = true;
      co_await write_pieces({asio::buffer(continue_line)});
    }
    const bool read = co_await read_more(parser);
    if (!read) co_return std::nullopt;
    begun = true;
  }

  http_1_0_ = parser.is_http_1_0();
  head_only_ = parser.is_head();
  if (parser.state() == RequestParser::State::refused) {
    Response refusal = parser.take_refusal();
    co_await refuse(std::move(refusal));
    co_return std::nullopt;
  }
  admitted_ = true;
  enter(Phase::serving);
  keep_ = parser.keep_alive();
  co_return parser.take_request();
}

asio::awaitable<bool> Connection::read_more(RequestParser& parser) {
  if (tls_) {
    const auto arrived = co_await tls_->read();
    if (arrived) feed(parser, *arrived);
    co_return arrived.has_value();
  }
  for (;;) {
    const auto [failed] = co_await socket_.async_wait(Socket::wait_read, as_result);
    if (failed) co_return false;
    error_code error;
    const std::size_t count = socket_.read_some(asio::buffer(hub_->scratch), error);
    if (is_blocked(error)) continue;
    if (error) co_return false;
    // Before anything is waited for: the scratch buffer is everybody's.
    feed(parser, std::string_view{hub_->scratch.data(), count});
    co_return true;
  }
}

void Connection::feed(RequestParser& parser, std::string_view arrived) {
  if (pending_.empty()) {
    const std::size_t used = parser.put(arrived);
    pending_.assign(arrived.substr(used));
    return;
  }
  pending_.append(arrived);
  const std::size_t used = parser.put(pending_);
  pending_.erase(0, used);
  if (pending_.empty()) std::string{}.swap(pending_);
}

asio::awaitable<void> Connection::serve(Request request) {
  answer_ = Answer::none;
  path_.assign(request.head.path());
  may_tunnel_ = request.head.method == "CONNECT";
  std::exception_ptr fault;
  try {
    co_await hub_->application.serve(std::move(request), *this);
  } catch (...) {
    fault = std::current_exception();
  }
  unwatch();
  if (fault || answer_ != Answer::whole) co_await settle(std::move(fault));
}

/// Ends what the application has left open.
asio::awaitable<void> Connection::settle(std::exception_ptr fault) {
  if (fault) {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) std::rethrow_exception(fault);
    log::error("http.fault", {{"path", path_}, {"error", what(fault)}});
  }
  const bool nobody_waits = answer_ == Answer::none && gone_;
  const bool cut_short = answer_ == Answer::stream && fault;  // the client sees it by the missing last chunk
  if (nobody_waits || cut_short) {
    keep_ = false;
  } else if (answer_ == Answer::none) {
    if (!fault) log::error("http.fault", {{"path", path_}, {"error", "the application gave no answer"}});
    Response response = error_response(500, "internal_error", "the request could not be served");
    co_await send(std::move(response));
  } else if (answer_ == Answer::stream && !http_1_0_ && !head_only_) {
    co_await write_pieces({asio::buffer(last_chunk)});
  }
}

asio::awaitable<void> Connection::refuse(Response response) {
  keep_ = false;
  co_await send(std::move(response));
  if (!broken_) co_await linger();
}

/// Closing with unread bytes resets the connection, and the client may lose the answer that it has not read
/// yet: so they are read, for a while.
asio::awaitable<void> Connection::linger() {
  co_await say_goodbye();
  error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  deadline_.set(Deadlines::Clock::now() + linger_limit);
  while (!error || is_blocked(error)) {
    const auto [failed] = co_await socket_.async_wait(Socket::wait_read, as_result);
    if (failed) co_return;
    socket_.read_some(asio::buffer(hub_->scratch), error);
  }
}

ConnectionField Connection::connection_field() const {
  if (!keep_) return ConnectionField::close;
  return http_1_0_ ? ConnectionField::keep_alive : ConnectionField::none;
}

asio::awaitable<void> Connection::send(Response response) {
  unwatch();
  answer_ = Answer::whole;
  keep_ = keep_ && !hub_->stopping && !asks_to_close(response);
  std::string head = response_head_text(response, Framing::length, connection_field());
  const bool with_body = !head_only_ && may_have_body(response.status);
  if (response.source) co_return co_await send_source(*response.source, std::move(head), with_body);
  const bool join = with_body && response.body.size() <= joined_body;
  if (join) head.append(response.body);
  Pieces pieces{asio::buffer(head)};
  if (with_body && !join) pieces[1] = asio::buffer(response.body);
  if (!write_now(pieces)) co_await write_pieces(pieces);
}

/// Reads a piece when the one before has been taken. A source that fails leaves a message that the client can
/// see is not whole.
asio::awaitable<void> Connection::send_source(BodySource& source, std::string head, bool with_body) {
  co_await write_pieces({asio::buffer(head)});
  std::vector<char> piece(body_piece);
  for (std::uint64_t left = with_body ? source.size() : 0; left > 0 && !broken_;) {
    std::size_t count = 0;
    try {
      count = source.read(std::span{piece}.first(std::min<std::uint64_t>(left, piece.size())));
      if (count == 0) throw std::runtime_error("the body's source has ended too early");
    } catch (const std::exception& fault) {
      log::error("http.fault", {{"path", path_}, {"error", fault.what()}});
      cut();
      co_return;
    }
    left -= count;
    co_await write_pieces({asio::buffer(piece.data(), count)});
    // A client that takes all at once must not keep the others waiting.
    co_await asio::post(socket_.get_executor(), asio::use_awaitable);
  }
}

asio::awaitable<void> Connection::begin_stream(Response head) {
  unwatch();
  answer_ = Answer::stream;
  keep_ = keep_ && !hub_->stopping && !asks_to_close(head) && !(http_1_0_ && !head_only_);
  const Framing framing = http_1_0_ ? Framing::close : Framing::chunked;
  const std::string text = response_head_text(head, framing, connection_field());
  co_await write_pieces({asio::buffer(text)});
}

asio::awaitable<bool> Connection::write(std::string bytes) {
  unwatch();
  // The first write after the client has gone succeeds: the reset comes later. Looking first tells at once.
  gone_ = gone_ || broken_ || (tls_ ? tls_->has_ended() : peek(socket_) == Arrived::end);
  if (gone_ || head_only_) co_return false;
  if (bytes.empty()) co_return true;  // an empty chunk would end the body
  const std::string size_line = http_1_0_ ? std::string{} : hex(bytes.size()).append("\r\n");
  const std::string_view end = http_1_0_ ? "" : "\r\n";
  const Pieces pieces{asio::buffer(size_line), asio::buffer(bytes), asio::buffer(end)};
  co_await write_pieces(pieces);
  co_return !broken_;
}

asio::awaitable<Tunnel> Connection::tunnel() {
  if (!may_tunnel_) throw std::logic_error("only a CONNECT makes a tunnel");
  if (tls_) throw std::logic_error("there are no tunnels over TLS");
  unwatch();
  answer_ = Answer::whole;
  keep_ = false;
  co_await write_pieces({asio::buffer(tunnel_line)});
  co_return Tunnel{.socket = socket_, .early = std::exchange(pending_, {})};
}

/// True when nothing is left to do: all is written, or it never will be.
bool Connection::write_now(Pieces& pieces) {
  if (tls_) return broken_;
  while (!broken_) {
    error_code error;
    const std::size_t written = socket_.write_some(pieces, error);
    if (is_blocked(error)) return false;
    if (error) {
      broken_ = true;
    } else if (!advance(pieces, written)) {
      return true;
    }
  }
  return true;
}

asio::awaitable<void> Connection::write_pieces(Pieces pieces) {
  if (write_now(pieces)) co_return;
  deadline_.set(Deadlines::Clock::now() + hub_->options.write_timeout);
  if (tls_) {
    const bool written = co_await tls_->write(pieces);
    broken_ = broken_ || !written;
  } else {
    const auto [error, count] = co_await asio::async_write(socket_, pieces, as_result);
    if (error) broken_ = true;
  }
  deadline_.clear();
}

}  // namespace butler::http
