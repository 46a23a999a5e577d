#include "http/client.hpp"

#include <gmock/gmock.h>

#include <array>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <vector>

#include "http/client_test_support.hpp"

namespace butler::http::client_test {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using boost::asio::use_awaitable;
using boost::asio::ip::tcp;
using test::Answer;
using test::hello;
using test::ScriptedServer;
using testing::HasSubstr;
using testing::StartsWith;

class HttpClient : public test::ClientTest {};

TEST_F(HttpClient, SendsTheRequestWithItsFramingAndReadsTheAnswer) {
  static std::string seen;
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    seen = co_await test::read_until(socket, peer.buffer, "{\"a\":1}");
    co_await test::write(socket, "HTTP/1.1 201 Created\r\nX-Seen: yes\r\ncontent-length: 2\r\n\r\nok");
  });
  auto client = make_client();
  auto request = post("/v1/jobs?x=1", R"({"a":1})");
  request.head.headers.add("x-api-key", "token");
  request.head.headers.add("content-length", "999");
  request.head.headers.add("x-split", "a\r\nb: c");

  const auto answer = send(client, request);

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "ok");
  EXPECT_EQ(answer->headers.find("x-seen"), "yes");
  EXPECT_THAT(seen, StartsWith("POST /base/v1/jobs?x=1 HTTP/1.1\r\nhost: 127.0.0.1:"));
  EXPECT_THAT(seen, HasSubstr("x-api-key: token\r\n"));
  EXPECT_THAT(seen, HasSubstr("x-split: a  b: c\r\n"));
  EXPECT_THAT(seen, HasSubstr("content-length: 7\r\n\r\n"));
  EXPECT_THAT(seen, testing::Not(HasSubstr("999")));
}

TEST_F(HttpClient, KeptConnectionsAreReused) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    for (int i = 0; i < 3; ++i) {
      co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
      co_await test::write(socket, hello);
    }
  });
  auto client = make_client();

  for (int i = 0; i < 3; ++i) {
    const auto answer = send(client, get("/"));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "hello");
  }
  EXPECT_EQ(server.accepted, 1);
}

TEST_F(HttpClient, AConnectionThatTheServerClosedWhileIdleIsNotUsed) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    for (int i = 0; i < 2; ++i) {
      auto socket = co_await peer.accept();
      co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
      co_await test::write(socket, hello);
    }
  });
  auto client = make_client();

  ASSERT_TRUE(send(client, get("/")));
  ASSERT_TRUE(
      test::run_until(io, [&] { return server.accepted == 2; }));  // the first socket is closed by then
  const auto answer = send(client, post("/", "once"));

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "hello");
}

TEST_F(HttpClient, AnIdleConnectionOverItsAgeIsNotUsed) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto first = co_await peer.accept();
    co_await test::read_until(first, peer.buffer, "\r\n\r\n");
    co_await test::write(first, hello);
    auto second = co_await peer.accept();
    co_await test::read_until(second, peer.buffer, "\r\n\r\n");
    co_await test::write(second, hello);
  });
  auto client = make_client({.idle_limit = 0s});

  ASSERT_TRUE(send(client, get("/")));
  ASSERT_TRUE(send(client, get("/")));
  EXPECT_EQ(server.accepted, 2);
}

TEST_F(HttpClient, CallsSideBySideTakeAConnectionEachAndOnlySomeAreKept) {
  static std::vector<tcp::socket>* sockets = nullptr;
  std::vector<tcp::socket> open;
  sockets = &open;
  serve([](ScriptedServer& peer) -> awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      auto socket = co_await peer.accept();
      co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
      sockets->push_back(std::move(socket));
    }
    for (auto& socket : *sockets) co_await test::write(socket, hello);
  });
  auto client = make_client({.idle_connections = 2});
  std::array<std::optional<Answer>, 3> answers;
  for (auto& answer : answers) background.spawn("call", send_into(client, get("/"), 10s, answer));

  ASSERT_TRUE(test::run_until(io, [&] { return answers[0] && answers[1] && answers[2]; }));

  int closed = 0;
  for (auto& socket : open) {
    socket.non_blocking(true);
    std::array<char, 1> byte{};
    boost::system::error_code error;
    socket.receive(boost::asio::buffer(byte), 0, error);
    closed += error == boost::asio::error::eof ? 1 : 0;
  }
  EXPECT_EQ(closed, 1);
}

TEST_F(HttpClient, ReadsChunksInterimResponsesAndBodiesUntilTheEnd) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
    co_await test::write(socket, "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n");
    co_await test::write(
        socket, "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nx-t: 1\r\n\r\n");
    co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
    co_await test::write(socket, "HTTP/1.1 200 OK\r\n\r\nuntil the end");
  });
  auto client = make_client();

  const auto chunked = send(client, get("/"));
  ASSERT_TRUE(chunked) << chunked.error().message;
  EXPECT_EQ(chunked->body, "abcde");
  EXPECT_EQ(chunked->headers.find("link"), std::nullopt);
  EXPECT_EQ(chunked->headers.find("x-t"), std::nullopt);

  const auto ended = send(client, get("/"));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(ended->body, "until the end");
  EXPECT_EQ(server.accepted, 1);
}

TEST_F(HttpClient, TheAnswerToAHeadHasNoBody) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    for (int i = 0; i < 2; ++i) {
      co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
      co_await test::write(socket, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
    }
  });
  auto client = make_client();
  const Request head{.head = {.method = "HEAD", .target = "/"}};

  ASSERT_TRUE(send(client, head));
  ASSERT_TRUE(send(client, head));
  EXPECT_EQ(server.accepted, 1);
}

TEST_F(HttpClient, AConnectionWithBytesBeyondTheAnswerIsNotKept) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto first = co_await peer.accept();
    co_await test::read_until(first, peer.buffer, "\r\n\r\n");
    co_await test::write(first, std::string{hello} + "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
    auto second = co_await peer.accept();
    co_await test::read_until(second, peer.buffer, "\r\n\r\n");
    co_await test::write(second, hello);
  });
  auto client = make_client();

  ASSERT_TRUE(send(client, get("/")));
  const auto answer = send(client, get("/"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "hello");
}

TEST_F(HttpClient, AnEarlyAnswerToALargeBodyIsSeen) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
    co_await test::write(socket,
                         "HTTP/1.1 413 Payload Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    socket.shutdown(tcp::socket::shutdown_send);
    std::string rest;
    boost::system::error_code ended;
    while (!ended) {
      rest.clear();
      co_await boost::asio::async_read(socket, boost::asio::dynamic_buffer(rest),
                                       boost::asio::transfer_at_least(1),
                                       boost::asio::redirect_error(use_awaitable, ended));
    }
  });
  auto client = make_client();

  const auto answer = send(client, post("/", std::string(8U << 20U, 'x')));

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 413);
}

}  // namespace
}  // namespace butler::http::client_test
