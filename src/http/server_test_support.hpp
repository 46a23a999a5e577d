#pragma once

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <functional>
#include <memory>
#include <string>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "http/body.hpp"
#include "http/server.hpp"
#include "http/socket_test_support.hpp"

namespace butler::http::test {

/// Keeps what it is given, until the test refuses.
class TestSink final : public BodySink {
 public:
  std::optional<Response> take(std::string_view bytes) override {
    largest = std::max(largest, bytes.size());
    taken.append(bytes);
    if (taken.size() <= refuse_beyond) return std::nullopt;
    return Response{.status = 507, .body = "full"};
  }

  std::string taken;
  std::size_t largest = 0;  ///< bytes that came at once
  std::size_t refuse_beyond = SIZE_MAX;
};

/// Promises so many bytes, and gives as many as the test says.
class TestSource final : public BodySource {
 public:
  std::uint64_t size() const override { return promised; }
  std::size_t read(std::span<char> space) override {
    const auto count = std::min(space.size(), has - given);
    if (fails && count == 0) throw std::runtime_error("the disk is gone");
    std::fill_n(space.begin(), count, 'S');
    given += count;
    return count;
  }

  std::size_t promised = 0;
  std::size_t has = 0;
  std::size_t given = 0;
  bool fails = false;
};

/// Answers by path, and parks or streams until the test says otherwise.
class TestApplication : public Application {
 public:
  explicit TestApplication(boost::asio::io_context& io) : changed(io.get_executor()) {}

  std::variant<Response, BodyLimit> admit(const RequestHead& head) override {
    ++admitted;
    on_admission();
    if (head.path() == "/forbidden") return Response{.status = 401, .body = "no"};
    if (head.path() == "/admit-throws") throw std::runtime_error("admission is broken");
    if (head.path() == "/sink") return BodyLimit{limit, sink};
    return BodyLimit{limit};
  }

  boost::asio::awaitable<void> serve(Request request, Exchange& exchange) override {
    const std::string path{request.head.path()};
    last = request;
    if (request.head.method == "CONNECT") co_return co_await echo_through_tunnel(exchange);
    if (path == "/tunnel") {
      co_await exchange.tunnel();
      co_return;
    }
    if (path == "/park") co_return co_await park(exchange);
    if (path == "/stream") co_return co_await stream(exchange);
    if (path == "/throw") throw std::runtime_error("a bug");
    if (path == "/silent") co_return;
    Response response{.status = 200};
    if (path == "/hello") response.body = "hello";
    if (path == "/echo") response.body = request.body;
    if (path == "/source") response.source = source;
    if (path == "/large") response.body = std::string(large_size, 'L');
    if (path == "/empty") response.status = 204;
    if (path == "/close") response.headers.add("connection", "close");
    if (path == "/fields") {
      response.headers.add("content-length", "999");
      response.headers.add("x-split", "a\r\nx-evil: b");
    }
    co_await exchange.send(std::move(response));
  }

  std::size_t limit = 1000;
  std::size_t large_size = std::size_t{16} << 20U;
  int admitted = 0;
  std::function<void()> on_admission = [] {};
  Request last;
  std::shared_ptr<TestSink> sink = std::make_shared<TestSink>();
  std::shared_ptr<TestSource> source = std::make_shared<TestSource>();

  async::Event changed;
  int parked = 0;
  int closed = 0;
  int cancelled = 0;
  bool release = false;
  int pieces = 0;        ///< that streams may send
  int streams = 0;       ///< open
  bool refused = false;  ///< a write returned false

 private:
  boost::asio::awaitable<void> park(Exchange& exchange) {
    struct Count {
      int& count;
      explicit Count(int& counted) : count(counted) { ++count; }
      ~Count() { --count; }
    } count(parked);
    bool gone = false;
    exchange.watch_close([this, &gone] {
      ++closed;
      gone = true;
      changed.notify_all();
    });
    try {
      while (!release && !gone) co_await changed.wait();
    } catch (const boost::system::system_error&) {
      ++cancelled;
      throw;
    }
    exchange.unwatch();
    if (gone) co_return;
    Response response{.body = "released"};
    co_await exchange.send(std::move(response));
  }

  boost::asio::awaitable<void> echo_through_tunnel(Exchange& exchange) {
    auto tunnel = co_await exchange.tunnel();
    std::string bytes = "<" + tunnel.early + ">";
    boost::system::error_code error;
    while (!error && !release) {
      co_await boost::asio::async_write(tunnel.socket, boost::asio::buffer(bytes),
                                        boost::asio::redirect_error(boost::asio::use_awaitable, error));
      bytes.assign(100, ' ');
      const auto size = co_await tunnel.socket.async_read_some(
          boost::asio::buffer(bytes), boost::asio::redirect_error(boost::asio::use_awaitable, error));
      bytes.resize(size);
      release = bytes == "end";
    }
    ++closed;
  }

  boost::asio::awaitable<void> stream(Exchange& exchange) {
    ++streams;
    Response head{.headers = {{"content-type", "text/event-stream"}}};
    co_await exchange.begin_stream(std::move(head));
    int sent = 0;
    while (!release && !refused) {
      if (sent == pieces) {
        co_await changed.wait();
        continue;
      }
      std::string piece = "piece " + std::to_string(++sent) + "\n";
      const bool taken = co_await exchange.write(std::move(piece));
      refused = refused || !taken;
    }
    --streams;
  }
};

/// A client that writes and reads exactly what a test says.
class RawClient {
 public:
  RawClient(boost::asio::io_context& io, std::uint16_t port) : io_(io), socket(io) {
    socket.connect({boost::asio::ip::address_v4::loopback(), port});
  }

  RawClient& write(std::string text) {
    run(io_, test::write(socket, std::move(text)));
    return *this;
  }

  std::string read_until(std::string end) {
    std::string text;
    run(io_, read_until_into(std::move(end), text));
    return text;
  }

  /// A response whose body has a content-length, or none.
  std::string read_response() {
    std::string text = read_until("\r\n\r\n");
    const auto field = text.find("content-length: ");
    if (field == std::string::npos) return text;
    const auto length = std::stoul(text.substr(field + 16));
    run(io_, fill(length));
    text.append(buffer_.substr(0, length));
    buffer_.erase(0, length);
    return text;
  }

  std::string ask(std::string text) { return write(std::move(text)).read_response(); }

  /// What a server that may turn the client away answers to a request that asks it to close.
  std::string ask_or_nothing(const std::string& text) {
    boost::system::error_code ignored;
    boost::asio::write(socket, boost::asio::buffer(text), ignored);
    return read_to_end();
  }

  /// All that comes until the server closes.
  std::string read_to_end() {
    run(io_, read_rest());
    return std::exchange(buffer_, {});
  }

  boost::system::error_code ending;  ///< how read_to_end() ended

 private:
  boost::asio::awaitable<void> read_until_into(std::string until, std::string& text) {
    text = co_await test::read_until(socket, buffer_, std::move(until));
  }

  boost::asio::awaitable<void> fill(std::size_t length) {
    if (buffer_.size() >= length) co_return;
    co_await boost::asio::async_read(socket, boost::asio::dynamic_buffer(buffer_),
                                     boost::asio::transfer_at_least(length - buffer_.size()),
                                     boost::asio::use_awaitable);
  }

  boost::asio::awaitable<void> read_rest() {
    co_await boost::asio::async_read(socket, boost::asio::dynamic_buffer(buffer_),
                                     boost::asio::transfer_all(),
                                     boost::asio::redirect_error(boost::asio::use_awaitable, ending));
  }

  boost::asio::io_context& io_;
  std::string buffer_;

 public:
  boost::asio::ip::tcp::socket socket;
};

/// A server with a TestApplication, on a free port.
class ServerTest : public testing::Test {
 protected:
  ~ServerTest() override {
    if (server) run(io, server->shut_down(std::chrono::milliseconds{0}));
    background.cancel();
    run(io, background.join());
  }

  void start(const ServerOptions& options = {}) {
    server = std::make_unique<Server>(io.get_executor(), options, application);
    server->listen();
    background.spawn("server", server->run());
  }

  RawClient connect() { return RawClient(io, server->port()); }

  /// Lets the loop run until the condition holds; false when it never does.
  template <class Condition>
  bool eventually(Condition condition) {
    return run_until(io, condition);
  }

  boost::asio::io_context io{1};
  TestApplication application{io};
  std::unique_ptr<Server> server;
  async::TaskGroup background{io.get_executor()};
};

}  // namespace butler::http::test
