#pragma once

#include <gtest/gtest.h>

#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <map>

#include "egress/connect_handler.hpp"
#include "http/socket_test_support.hpp"
#include "http/tls_test_support.hpp"

namespace butler::egress::testing_support {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using namespace std::chrono_literals;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using http::test::run_until;

/// Answers as the test says, another way each time if it says so.
class ScriptedResolver final : public Resolver {
 public:
  awaitable<std::expected<std::vector<asio::ip::address>, std::string>> resolve(
      std::string name, std::chrono::milliseconds) override {
    asked.push_back(name);
    auto& list = answers[name];
    if (list.empty()) co_return std::unexpected(name + " could not be found");
    auto answer = list.front();
    if (list.size() > 1) list.erase(list.begin());
    std::vector<asio::ip::address> addresses;
    for (const auto& text : answer) addresses.push_back(asio::ip::make_address(text));
    co_return addresses;
  }

  std::map<std::string, std::vector<std::vector<std::string>>> answers;
  std::vector<std::string> asked;
};

/// An agent's listener with nothing but the handler.
class Site final : public http::Application {
 public:
  explicit Site(ConnectHandler& handler) : handler_(handler) {}
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& head) override {
    return handler_.admit(head);
  }
  awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    return handler_.serve(std::move(request), exchange);
  }

 private:
  ConnectHandler& handler_;
};

/// The proxy between a real client and a real TLS server, over sockets; only names are made up.
class ConnectTest : public testing::Test {
 protected:
  ConnectTest() {
    certificate().use(tls);
    background.spawn("host", serve(acceptor, tls, accepted, received));
    resolver.answers["host.example"] = {{"127.0.0.1"}};
    allow("host.example:" + port() + " private");
    hooks.on_denied = [this](const Denial& denial) {
      denials.push_back(denial.target + ": " + denial.reason);
    };
  }

  ~ConnectTest() override {
    if (handler) handler->end();
    if (server) http::test::run(io, server->shut_down(0ms));
    if (handler) http::test::run(io, handler->close());
    background.cancel();
    http::test::run(io, background.join());
  }

  static http::test::SelfSigned& certificate() {
    static http::test::SelfSigned instance;
    return instance;
  }

  /// TLS, and an echo; a client without TLS is counted and heard.
  static awaitable<void> serve(tcp::acceptor& acceptor, ssl::context& tls, int& accepted,
                               std::string& received) {
    for (;;) {
      ssl::stream<tcp::socket> socket(co_await acceptor.async_accept(use_awaitable), tls);
      ++accepted;
      try {
        co_await socket.async_handshake(ssl::stream_base::server, use_awaitable);
        std::array<char, 4096> buffer{};
        for (;;) {
          const auto size = co_await socket.async_read_some(asio::buffer(buffer), use_awaitable);
          received.append(buffer.data(), size);
          co_await asio::async_write(socket, asio::buffer(buffer.data(), size), use_awaitable);
        }
      } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
      }
    }
  }

  std::string port() const { return std::to_string(acceptor.local_endpoint().port()); }
  std::string target(const std::string& host = "host.example") const { return host + ":" + port(); }
  void allow(const std::string& rule) { policy.rules.push_back(parse_host_rule(rule).value()); }

  void start(const ConnectOptions& options = {}) {
    handler.emplace(io.get_executor(), resolver, traffic, [this] { return policy; }, options);
    site.emplace(*handler);
    server.emplace(io.get_executor(), http::ServerOptions{}, *site);
    server->listen();
    background.spawn("server", server->run());
    handler->begin("job-1", hooks);
  }

  /// The answer's head and body to a CONNECT that is refused; the head to one that is not.
  std::string ask(tcp::socket& client, const std::string& wanted) {
    client.connect({asio::ip::address_v4::loopback(), server->port()});
    std::string head;
    http::test::run(io, converse(client, "CONNECT " + wanted + " HTTP/1.1\r\nhost: x\r\n\r\n", head));
    return head;
  }
  std::string ask(const std::string& wanted) {
    tcp::socket client(io);
    return ask(client, wanted);
  }

  static awaitable<void> converse(tcp::socket& client, std::string request, std::string& answer) {
    co_await asio::async_write(client, asio::buffer(request), use_awaitable);
    std::string buffer;
    answer = co_await http::test::read_until(client, buffer, "\r\n\r\n");
    answer += buffer;
    if (answer.starts_with("HTTP/1.1 200")) co_return;
    while (!answer.ends_with(".\n")) {
      std::array<char, 1024> more{};
      const auto size = co_await client.async_read_some(asio::buffer(more), use_awaitable);
      answer.append(more.data(), size);
    }
  }

  /// TLS through an open tunnel: what the server echoes; "" when the handshake fails.
  std::string talk(tcp::socket& client, const std::string& name, std::string text = "hello") {
    std::string echo;
    http::test::run(io, shake_hands(client, name, std::move(text), echo));
    return echo;
  }
  static awaitable<void> shake_hands(tcp::socket& client, std::string name, std::string text,
                                     std::string& echo) {
    ssl::context context(ssl::context::tls_client);
    ssl::stream<tcp::socket&> stream(client, context);
    if (!name.empty()) SSL_set_tlsext_host_name(stream.native_handle(), name.c_str());
    try {
      co_await stream.async_handshake(ssl::stream_base::client, use_awaitable);
      co_await asio::async_write(stream, asio::buffer(text), use_awaitable);
      echo.resize(text.size());
      co_await asio::async_read(stream, asio::buffer(echo), use_awaitable);
    } catch (const boost::system::system_error&) {
      echo.clear();
    }
  }

  bool is_closed(tcp::socket& client) {
    bool closed = false;
    http::test::run(io, read_to_end(client, closed));
    return closed;
  }
  static awaitable<void> read_to_end(tcp::socket& client, bool& closed) {
    std::array<char, 1024> buffer{};
    boost::system::error_code error;
    while (!error) {
      co_await client.async_read_some(asio::buffer(buffer), asio::redirect_error(use_awaitable, error));
    }
    closed = true;
  }

  asio::io_context io{1};
  ssl::context tls{ssl::context::tls_server};
  tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
  int accepted = 0;
  std::string received;
  async::TaskGroup background{io.get_executor()};
  ScriptedResolver resolver;
  Traffic traffic;
  HostPolicy policy;
  JobHooks hooks;
  std::vector<std::string> denials;
  std::optional<ConnectHandler> handler;
  std::optional<Site> site;
  std::optional<http::Server> server;
};

}  // namespace butler::egress::testing_support
