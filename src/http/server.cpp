#include "http/server.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "http/connection.hpp"
#include "http/message_parser.hpp"
#include "http/socket.hpp"
#include "log/log.hpp"

namespace butler::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
/// Between two tries to accept when the process has no descriptor left.
constexpr std::chrono::milliseconds accept_pause{100};

void turn_away(tcp::socket& socket) {
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

  void listen() {
    try {
      const tcp::endpoint endpoint(asio::ip::make_address(numeric(hub_->options.host)), hub_->options.port);
      acceptor_.open(endpoint.protocol());
      acceptor_.set_option(tcp::acceptor::reuse_address(true));
      acceptor_.bind(endpoint);
      acceptor_.listen();
      port_ = acceptor_.local_endpoint().port();
    } catch (const boost::system::system_error& error) {
      throw boost::system::system_error(
          error.code(), "cannot listen on " + hub_->options.host + ":" + std::to_string(hub_->options.port));
    }
  }

  std::uint16_t port() const { return port_; }

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
    error_code ignored;
    self->acceptor_.close(ignored);
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
  static std::string numeric(const std::string& host) { return host == "localhost" ? "127.0.0.1" : host; }

  void welcome(tcp::socket socket) {
    if (connections_.size() >= hub_->options.connections) return turn_away(socket);
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.non_blocking(true, ignored);
    connections_.spawn("http.connection", Connection::run(std::move(socket), hub_));
  }

  std::shared_ptr<Hub> hub_;
  tcp::acceptor acceptor_;
  async::TaskGroup connections_;
  async::Event stopped_;
  std::uint16_t port_ = 0;
  bool has_stopped_ = false;
};

Server::Server(const asio::any_io_executor& executor, ServerOptions options, Application& application)
    : listener_(std::make_shared<Listener>(executor, std::move(options), application)) {}
Server::~Server() = default;

void Server::listen() { listener_->listen(); }
std::uint16_t Server::port() const { return listener_->port(); }
asio::awaitable<void> Server::run() { return Listener::run(listener_); }
asio::awaitable<void> Server::shut_down(std::chrono::milliseconds grace) {
  return Listener::shut_down(listener_, grace);
}

}  // namespace butler::http
