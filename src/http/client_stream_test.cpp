// Responses whose body is read piece by piece, as it comes.
#include <gmock/gmock.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read.hpp>

#include "http/client_test_support.hpp"

namespace butler::http::client_stream_test {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using boost::asio::use_awaitable;
using test::ScriptedServer;
using testing::HasSubstr;

constexpr auto chunked_head =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

class HttpClientStream : public test::ClientTest {
 protected:
  /// Runs a test's own coroutine on the loop.
  void talk(awaitable<void> conversation) { run(io, std::move(conversation)); }
};

TEST_F(HttpClientStream, EachPieceArrivesBeforeTheNextIsSent) {
  static std::string read_back;
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
    co_await test::write(socket, chunked_head);
    co_await test::write(socket, "5\r\nfirst\r\n");
    // The second piece is sent only when the client has shown, on another connection, that it has the first.
    auto other = co_await peer.accept();
    read_back = co_await test::read_until(other, peer.buffer, "\r\n\r\n");
    co_await test::write(other, test::hello);
    co_await test::write(socket, "6\r\nsecond\r\n0\r\n\r\n");
  });
  auto client = make_client();
  std::vector<std::string> pieces;
  const auto conversation = [&]() -> awaitable<void> {
    auto stream = co_await client.open(get("/stream"), 5s);
    if (!stream) throw std::runtime_error(stream.error().message);
    EXPECT_EQ(stream->head().status, 200);
    EXPECT_EQ(stream->head().headers.find("content-type"), "text/event-stream");
    for (;;) {
      auto piece = co_await stream->read(5s);
      if (!piece) throw std::runtime_error(piece.error());
      if (!*piece) break;
      pieces.push_back(**piece);
      if (pieces.size() > 1) continue;
      auto seen = co_await client.send(get("/seen-first"), 5s);
      EXPECT_TRUE(seen.has_value());
    }
  };

  talk(conversation());

  EXPECT_THAT(pieces, testing::ElementsAre("first", "second"));
  EXPECT_THAT(read_back, HasSubstr("/seen-first"));
}

TEST_F(HttpClientStream, AConnectionIsUsedAgainAfterTheBodyHasEnded) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    for (int i = 0; i < 2; ++i) {
      co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
      co_await test::write(socket, test::hello);
    }
  });
  auto client = make_client();
  const auto conversation = [&]() -> awaitable<void> {
    for (int i = 0; i < 2; ++i) {
      auto stream = co_await client.open(get("/"), 5s);
      if (!stream) throw std::runtime_error(stream.error().message);
      std::string body;
      for (;;) {
        auto piece = co_await stream->read(5s);
        if (!piece) throw std::runtime_error(piece.error());
        if (!*piece) break;
        body += **piece;
      }
      EXPECT_EQ(body, "hello");
    }
  };

  talk(conversation());

  EXPECT_EQ(server.accepted, 1);
}

TEST_F(HttpClientStream, ABodyThatIsCutOffIsAnErrorAfterWhatHasCome) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
    co_await test::write(socket, chunked_head);
    co_await test::write(socket, "5\r\nfirst\r\n");
  });
  auto client = make_client();
  std::string body;
  std::string error;
  const auto conversation = [&]() -> awaitable<void> {
    auto stream = co_await client.open(get("/"), 5s);
    if (!stream) throw std::runtime_error(stream.error().message);
    for (;;) {
      auto piece = co_await stream->read(5s);
      if (!piece) {
        error = piece.error();
        break;
      }
      if (!*piece) break;
      body += **piece;
    }
  };

  talk(conversation());

  EXPECT_EQ(body, "first");
  EXPECT_THAT(error, HasSubstr("middle of the response"));
}

TEST_F(HttpClientStream, ASilentServerIsGivenUpAfterTheTimeoutOfTheRead) {
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
    co_await test::write(socket, chunked_head);
    std::array<char, 1> byte{};
    co_await boost::asio::async_read(socket, boost::asio::buffer(byte), boost::asio::as_tuple(use_awaitable));
  });
  auto client = make_client();
  std::string error;
  const auto conversation = [&]() -> awaitable<void> {
    auto stream = co_await client.open(get("/"), 5s);
    if (!stream) throw std::runtime_error(stream.error().message);
    auto piece = co_await stream->read(20ms);
    error = piece ? "no error" : piece.error();
  };

  talk(conversation());

  EXPECT_EQ(error, "timed out");
}

TEST_F(HttpClientStream, AReaderThatDoesNotAskHoldsTheServerUp) {
  static std::size_t written = 0;
  static constexpr std::size_t all = std::size_t{64} * 1024 * 1024;
  serve([](ScriptedServer& peer) -> awaitable<void> {
    auto socket = co_await peer.accept();
    co_await test::read_until(socket, peer.buffer, "\r\n\r\n");
    co_await test::write(socket, "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(all) + "\r\n\r\n");
    const std::string piece(std::size_t{64} * 1024, 'x');
    written = 0;
    while (written < all) {
      const auto [error, count] =
          co_await socket.async_write_some(boost::asio::buffer(piece), boost::asio::as_tuple(use_awaitable));
      if (error) co_return;
      written += count;
    }
  });
  auto client = make_client();
  const auto conversation = [&]() -> awaitable<void> {
    auto stream = co_await client.open(get("/"), 5s);
    if (!stream) throw std::runtime_error(stream.error().message);
    auto piece = co_await stream->read(5s);
    EXPECT_TRUE(piece && *piece);
    // A request on another connection lets the server write as much as it can meanwhile: what fits into the
    // system's buffers, and no more.
    for (int turn = 0; turn < 1'000; ++turn) {
      co_await boost::asio::post(co_await boost::asio::this_coro::executor, use_awaitable);
    }
    EXPECT_LT(written, all / 2);
  };

  talk(conversation());
}

}  // namespace
}  // namespace butler::http::client_stream_test
