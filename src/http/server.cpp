#include "http/server.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/as_result.hpp"
#include "async/event.hpp"
#include "async/task_group.hpp"
#include "http/connection.hpp"
#include "http/message_parser.hpp"
#include "http/socket.hpp"
#include "log/log.hpp"

namespace butler::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
using async::as_result;
/// Between two tries to accept when the process has no descriptor left.
constexpr std::chrono::milliseconds accept_pause{100};

/// New connections in one turn of the loop; those that are there have their turn, too.
constexpr int most_at_once = 64;

void turn_away(Socket& socket) {
  const Response response = error_response(503, "unavailable", "too many connections");
  const std::string text =
      response_head_text(response, Framing::length, ConnectionField::close) + response.body;
  std::array<char, 4096> unread{};
  error_code ignored;  // a courtesy: who is not reading gets nothing
  socket.non_blocking(true, ignored);
  socket.read_some(asio::buffer(unread), ignored);
  socket.write_some(asio::buffer(text), ignored);
}

}  // namespace

/// Held by the server and by its own coroutines, so that either may go first.
class Server::Listener {
 public:
  Listener(const asio::any_io_executor& executor, ServerOptions options, Application& application)
      : hub_(std::make_shared<Hub>(executor, std::move(options), application)),
        acceptor_(executor),
        connections_(executor),
        stopped_(executor) {}

  void listen(ListeningSocket socket) {
    port_ = socket.port();
    const asio::generic::stream_protocol protocol(socket.family(), 0);
    auto parts = socket.release();
    acceptor_.assign(protocol, parts.descriptor);
    acceptor_.non_blocking(true);  // for welcome_the_waiting(); coroutines wait all the same
    file_ = std::move(parts.file);
  }

  const ServerOptions& options() const { return hub_->options; }

  std::uint16_t port() const { return port_; }
  std::size_t connections() const { return connections_.size(); }

  static asio::awaitable<void> run(std::shared_ptr<Listener> self) {
    co_await asio::this_coro::throw_if_cancelled(false);
    asio::steady_timer pause(self->acceptor_.get_executor());
    bool cancelled = false;
    while (!self->hub_->stopping && !cancelled) {
      auto [error, socket] = co_await self->acceptor_.async_accept(as_result);
      const auto state = co_await asio::this_coro::cancellation_state;
      cancelled = state.cancelled() != asio::cancellation_type::none;
      if (!error) {
        self->welcome(std::move(socket));
        self->welcome_the_waiting();
      } else if (!cancelled && !self->hub_->stopping) {
        log::warn("http.accept_failed", {{"error", error.message()}});
        pause.expires_after(accept_pause);
        co_await pause.async_wait(as_result);
      }
    }
    if (cancelled && !self->hub_->stopping) {
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
      co_await shut_down(self, std::chrono::milliseconds{0});
    }
    while (!self->has_stopped_ && !cancelled) co_await self->stopped_.wait();
  }

  static asio::awaitable<void> shut_down(std::shared_ptr<Listener> self, std::chrono::milliseconds grace) {
    const std::shared_ptr<Hub> hub = self->hub_;
    hub->stopping = true;
    self->close();
    co_await asio::post(self->acceptor_.get_executor(), asio::use_awaitable);  // what was accepted begins
    for (Connection* connection : hub->connections) connection->close_if_idle();

    const auto deadline = std::chrono::steady_clock::now() + grace;
    bool in_time = true;
    while (!hub->connections.empty() && in_time) in_time = co_await hub->ended.wait_until(deadline);

    for (Connection* connection : hub->connections) connection->cut();
    self->connections_.cancel();
    co_await self->connections_.join();
    self->has_stopped_ = true;
    self->stopped_.notify_all();
  }

 private:
  void close() {
    file_.remove();
    error_code ignored;
    acceptor_.close(ignored);
  }

  bool make_room() {
    const auto close_first = [this](bool (Connection::*close)()) {
      return std::ranges::any_of(hub_->connections, [close](Connection* one) { return (one->*close)(); });
    };
    return close_first(&Connection::cut_if_stranger) || close_first(&Connection::close_if_idle);
  }

  /// One at each turn of the loop would take long where a turn does: behind a large batch, say.
  void welcome_the_waiting() {
    for (int count = 0; count < most_at_once; ++count) {
      error_code none;
      Socket socket = acceptor_.accept(none);
      if (none) return;  // or a fault, of which the next wait hears
      welcome(std::move(socket));
    }
  }

  void welcome(Socket socket) {
    if (connections_.size() >= hub_->options.connections && !make_room()) {
      if (!hub_->options.tls) turn_away(socket);  // over TLS there is no word without a handshake
      return;
    }
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);  // a unix socket has no such option
    socket.non_blocking(true, ignored);
    connections_.spawn("http.connection", Connection::run(std::move(socket), hub_));
  }

  std::shared_ptr<Hub> hub_;
  Acceptor acceptor_;
  async::TaskGroup connections_;
  async::Event stopped_;
  SocketFile file_;
  std::uint16_t port_ = 0;
  bool has_stopped_ = false;
};

Server::Server(const asio::any_io_executor& executor, ServerOptions options, Application& application)
    : listener_(std::make_shared<Listener>(executor, std::move(options), application)) {}
Server::~Server() = default;

void Server::listen() {
  const ServerOptions& options = listener_->options();
  listen(ListeningSocket::on_port(options.host, options.port));
}
void Server::listen(ListeningSocket socket) { listener_->listen(std::move(socket)); }
std::uint16_t Server::port() const { return listener_->port(); }
std::size_t Server::connections() const { return listener_->connections(); }
asio::awaitable<void> Server::run() { return Listener::run(listener_); }
asio::awaitable<void> Server::shut_down(std::chrono::milliseconds grace) {
  return Listener::shut_down(listener_, grace);
}

}  // namespace butler::http
