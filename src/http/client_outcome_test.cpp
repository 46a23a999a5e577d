#include <gmock/gmock.h>

#include <array>
#include <boost/asio/redirect_error.hpp>

#include "http/client.hpp"
#include "http/client_test_support.hpp"

namespace butler::http::client_outcome_test {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using boost::asio::use_awaitable;
using test::Answer;
using test::hello;
using test::ScriptedServer;
using testing::HasSubstr;
using Outcome = ClientError::Outcome;

/// What a call knows of its effect when it gets no answer.
class HttpClientOutcome : public test::ClientTest {};

TEST_F(HttpClientOutcome, ARefusedConnectIsNotSent) {
  auto client = make_client();
  server.acceptor.close();

  const auto answer = send(client, get("/"));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().outcome, Outcome::not_sent);
  EXPECT_THAT(answer.error().message, HasSubstr("refused"));
}

TEST_F(HttpClientOutcome, AnUnknownHostIsNotSent) {
  Client client(io.get_executor(),
                Url{.tls = false, .host = "no-such-host.invalid", .port = "80", .path = ""});

  const auto answer = send(client, get("/"));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().outcome, Outcome::not_sent);
}

TEST_F(HttpClientOutcome, ATargetThatIsNoPathIsNotSent) {
  auto client = make_client();

  for (const char* target : {"", "v1", "/a b", "/a\r\nx: y", "/\xC3\xA9"}) {
    const auto answer = send(client, get(target));
    ASSERT_FALSE(answer) << target;
    EXPECT_EQ(answer.error().outcome, Outcome::not_sent) << target;
  }
}

TEST_F(HttpClientOutcome, AResetAfterTheRequestWasWrittenIsUnknown) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
    test::reset(socket);
  });
  auto client = make_client();

  const auto answer = send(client, post("/", "x"));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().outcome, Outcome::unknown);
}

TEST_F(HttpClientOutcome, AnEndBeforeAnyAnswerIsUnknown) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
  });
  auto client = make_client();

  const auto answer = send(client, get("/"));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().outcome, Outcome::unknown);
}

TEST_F(HttpClientOutcome, ACutBodyIsUnknown) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
    co_await test::write(socket, "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
  });
  auto client = make_client();

  const auto answer = send(client, get("/"));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().outcome, Outcome::unknown);
  EXPECT_THAT(answer.error().message, HasSubstr("middle of the response"));
}

TEST_F(HttpClientOutcome, WhatIsNoHttpIsUnknown) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
    co_await test::write(socket, "SSH-2.0-OpenSSH_9.2\r\n");
  });
  auto client = make_client();

  const auto answer = send(client, get("/"));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().outcome, Outcome::unknown);
}

TEST_F(HttpClientOutcome, AResponseOverTheLimitIsUnknown) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    for (const char* response :
         {"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n12345678901",
          "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n12345678",
          "HTTP/1.1 200 OK\r\n\r\n12345678901"}) {
      auto socket = co_await peer.accept();
      co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
      co_await test::write(socket, response);
    }
  });
  auto client = make_client({.response_limit = 10});

  for (int i = 0; i < 3; ++i) {
    const auto answer = send(client, get("/"));
    ASSERT_FALSE(answer) << i;
    EXPECT_EQ(answer.error().outcome, Outcome::unknown);
    EXPECT_THAT(answer.error().message, HasSubstr("larger than 10 bytes"));
  }
}

TEST_F(HttpClientOutcome, AnAnswerThatNeverComesTimesOutAsUnknown) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
    co_await test::read_until(socket, peer.buffer, "never");
  });
  auto client = make_client();

  const auto answer = send(client, get("/"), 1s);

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().outcome, Outcome::unknown);
  EXPECT_THAT(answer.error().message, HasSubstr("timed out"));
}

TEST_F(HttpClientOutcome, CancellingACallClosesItsConnectionAndThrows) {
  static bool asked;
  static bool closed;
  asked = closed = false;
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
    asked = true;
    std::array<char, 1> byte{};
    boost::system::error_code error;
    co_await socket.async_read_some(boost::asio::buffer(byte),
                                    boost::asio::redirect_error(use_awaitable, error));
    closed = error == boost::asio::error::eof;
  });
  auto client = make_client();
  std::optional<Answer> answer;
  async::TaskGroup calls{io.get_executor()};
  calls.spawn("call", send_into(client, get("/"), 10s, answer));
  ASSERT_TRUE(test::run_until(io, [] { return asked; }));

  calls.cancel();

  EXPECT_TRUE(test::run_until(io, [] { return closed; }));
  EXPECT_EQ(calls.size(), 0U);
  EXPECT_FALSE(answer.has_value());
}

TEST_F(HttpClientOutcome, ACallOutlivesTheClientThatItBeganOn) {
  static bool asked;
  asked = false;
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
    asked = true;
    co_await test::write(socket, hello);
  });
  std::optional<Answer> answer;
  auto client = std::make_unique<Client>(make_client());
  background.spawn("call", send_into(*client, get("/"), 10s, answer));
  ASSERT_TRUE(test::run_until(io, [] { return asked; }));

  client.reset();

  ASSERT_TRUE(test::run_until(io, [&] { return answer.has_value(); }));
  EXPECT_TRUE(answer && answer->has_value());
}

}  // namespace
}  // namespace butler::http::client_outcome_test
