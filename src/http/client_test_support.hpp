#pragma once

#include <gtest/gtest.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "async/task_group.hpp"
#include "http/client.hpp"
#include "http/socket_test_support.hpp"

namespace butler::http::test {

inline constexpr auto hello = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

/// A server that does exactly what a test says, connection by connection.
struct ScriptedServer {
  explicit ScriptedServer(boost::asio::io_context& io)
      : acceptor(io, boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {}

  boost::asio::awaitable<boost::asio::ip::tcp::socket> accept() {
    ++accepted;
    boost::asio::ip::tcp::socket socket = co_await acceptor.async_accept(boost::asio::use_awaitable);
    co_return socket;
  }

  boost::asio::ip::tcp::acceptor acceptor;
  int accepted = 0;
  std::string buffer;
};

using Answer = std::expected<Response, ClientError>;

/// A client, and the server that a test scripts.
class ClientTest : public testing::Test {
 protected:
  using Script = boost::asio::awaitable<void> (*)(ScriptedServer&);

  ~ClientTest() override {
    background.cancel();
    run(io, background.join());
  }

  void serve(Script script) { background.spawn("script", script(server)); }

  Client make_client(ClientOptions options = {}) {
    const Url base{.tls = false,
                   .host = "127.0.0.1",
                   .port = std::to_string(server.acceptor.local_endpoint().port()),
                   .path = "/base"};
    return Client(io.get_executor(), base, options);
  }

  static boost::asio::awaitable<void> send_into(Client& client, Request request,
                                                std::chrono::milliseconds timeout,
                                                std::optional<Answer>& answer) {
    answer = co_await client.send(std::move(request), timeout);
  }

  Answer send(Client& client, Request request, std::chrono::milliseconds timeout = std::chrono::seconds{10}) {
    std::optional<Answer> answer;
    http::test::run(io, send_into(client, std::move(request), timeout, answer));
    if (!answer) throw std::runtime_error("the call gave nothing");
    return *answer;
  }

  static void run(boost::asio::io_context& io, boost::asio::awaitable<void> task) {
    http::test::run(io, std::move(task));
  }

  static Request get(std::string target) { return {.head = {.method = "GET", .target = std::move(target)}}; }
  static Request post(std::string target, std::string body) {
    return {.head = {.method = "POST", .target = std::move(target)}, .body = std::move(body)};
  }

  boost::asio::io_context io{1};
  ScriptedServer server{io};
  async::TaskGroup background{io.get_executor()};
};

}  // namespace butler::http::test
