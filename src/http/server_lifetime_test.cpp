#include <gmock/gmock.h>

#include "http/server.hpp"
#include "http/server_test_support.hpp"

namespace butler::http::server_lifetime_test {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;

/// What a server does while an answer takes its time, when its client leaves, and when it stops.
class HttpServerLifetime : public test::ServerTest {
 protected:
  struct Stop {
    static boost::asio::awaitable<void> run(Server& server, std::chrono::milliseconds grace, bool& stopped) {
      co_await server.shut_down(grace);
      stopped = true;
    }
  };

  void begin_shut_down(std::chrono::milliseconds grace) {
    background.spawn("stop", Stop::run(*server, grace, stopped));
  }

  void wake() { application.changed.notify_all(); }

  static constexpr auto get_park = "GET /park HTTP/1.1\r\nhost: x\r\n\r\n";
  static constexpr auto get_stream = "GET /stream HTTP/1.1\r\nhost: x\r\n\r\n";
  static constexpr auto get_hello = "GET /hello HTTP/1.1\r\nhost: x\r\n\r\n";
  bool stopped = false;
};

TEST_F(HttpServerLifetime, AWatchSeesTheClientClose) {
  start();
  auto client = connect();
  client.write(get_park);
  ASSERT_TRUE(eventually([&] { return application.parked == 1; }));

  client.socket.close();

  EXPECT_TRUE(eventually([&] { return application.parked == 0; }));
  EXPECT_EQ(application.closed, 1);
}

TEST_F(HttpServerLifetime, AWatchSeesAResetAndAHalfClose) {
  start();
  auto broken = connect();
  broken.write(get_park);
  auto half = connect();
  half.write(get_park);
  ASSERT_TRUE(eventually([&] { return application.parked == 2; }));

  test::reset(broken.socket);
  half.socket.shutdown(boost::asio::ip::tcp::socket::shutdown_send);

  EXPECT_TRUE(eventually([&] { return application.closed == 2; }));
  EXPECT_EQ(half.read_to_end(), "");
}

TEST_F(HttpServerLifetime, AWatchKeepsQuietOverThePipelinedNextRequest) {
  start();
  auto client = connect();
  client.write(get_park);
  ASSERT_TRUE(eventually([&] { return application.parked == 1; }));
  client.write(get_hello);
  auto other = connect();
  other.ask(get_hello);

  EXPECT_EQ(application.closed, 0);
  application.release = true;
  wake();

  EXPECT_THAT(client.read_response(), EndsWith("released"));
  EXPECT_THAT(client.read_response(), EndsWith("hello"));
}

TEST_F(HttpServerLifetime, AWatchThatEndedDoesNotReportLater) {
  start();
  auto client = connect();
  client.write(get_park);
  ASSERT_TRUE(eventually([&] { return application.parked == 1; }));
  application.release = true;
  wake();
  EXPECT_THAT(client.read_response(), EndsWith("released"));

  client.socket.close();
  auto other = connect();
  other.ask(get_hello);

  EXPECT_EQ(application.closed, 0);
}

TEST_F(HttpServerLifetime, AStreamSendsEachPieceAtOnceAndEndsWithTheLastChunk) {
  start();
  auto client = connect();
  client.write(get_stream);
  EXPECT_EQ(client.read_until("\r\n\r\n"),
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");

  application.pieces = 1;
  wake();
  EXPECT_EQ(client.read_until("1\n\r\n"), "8\r\npiece 1\n\r\n");
  application.pieces = 2;
  wake();
  EXPECT_EQ(client.read_until("2\n\r\n"), "8\r\npiece 2\n\r\n");
  application.release = true;
  wake();
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "0\r\n\r\n");
  EXPECT_THAT(client.ask(get_hello), EndsWith("hello"));
}

TEST_F(HttpServerLifetime, AStreamToHttp10EndsWithTheConnection) {
  start();
  application.pieces = 1;
  auto client = connect();
  client.write("GET /stream HTTP/1.0\r\n\r\n");
  client.read_until("\r\n\r\n");
  EXPECT_EQ(client.read_until("\n"), "piece 1\n");

  application.release = true;
  wake();

  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(HttpServerLifetime, AWriteToAStreamWhoseReaderIsGoneReturnsFalse) {
  start();
  auto client = connect();
  client.write(get_stream);
  client.read_until("\r\n\r\n");

  client.socket.close();
  application.pieces = 1;
  wake();

  EXPECT_TRUE(eventually([&] { return application.refused; }));
  EXPECT_TRUE(eventually([&] { return application.streams == 0; }));
}

TEST_F(HttpServerLifetime, AStreamReaderThatStopsReadingIsCutAfterTheWriteTimeout) {
  start({.write_timeout = 1s});
  auto client = connect();
  client.write(get_stream);
  application.pieces = 10'000'000;
  wake();

  EXPECT_TRUE(eventually([&] { return application.refused; }));
}

TEST_F(HttpServerLifetime, ASlowHeadASlowBodyAndAnIdleConnectionAreCut) {
  start({.head_timeout = 1s, .body_timeout = 1s, .idle_timeout = 1s});
  auto idle = connect();
  auto head = connect();
  head.write("GET / HT");
  auto body = connect();
  body.write("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nab");

  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_EQ(head.read_to_end(), "");
  EXPECT_EQ(body.read_to_end(), "");
}

TEST_F(HttpServerLifetime, BytesThatTrickleDoNotExtendTheHeadsTime) {
  start({.head_timeout = 1s});
  auto client = connect();
  client.write("GET / HTTP/1.1\r\n");
  const auto begin = std::chrono::steady_clock::now();
  boost::system::error_code error;
  client.socket.non_blocking(true);
  std::array<char, 1> byte{};

  ASSERT_TRUE(eventually([&] {
    boost::asio::write(client.socket, boost::asio::buffer("x", 1), error);
    client.socket.receive(boost::asio::buffer(byte), 0, error);
    return error != boost::asio::error::would_block;
  }));

  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
}

TEST_F(HttpServerLifetime, ShutDownClosesIdleConnectionsAndLetsRequestsFinish) {
  start();
  auto idle = connect();
  idle.ask(get_hello);
  auto busy = connect();
  busy.write(get_park);
  ASSERT_TRUE(eventually([&] { return application.parked == 1; }));

  begin_shut_down(20s);

  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_FALSE(stopped);
  application.release = true;
  wake();
  const auto answer = busy.read_to_end();
  EXPECT_THAT(answer, HasSubstr("connection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("released"));
  EXPECT_TRUE(eventually([&] { return stopped && background.size() == 0; }));  // run() has returned, too
}

TEST_F(HttpServerLifetime, ShutDownCutsWhatIsLeftAfterItsGrace) {
  start();
  auto client = connect();
  client.write(get_park);
  ASSERT_TRUE(eventually([&] { return application.parked == 1; }));

  begin_shut_down(30ms);

  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(eventually([&] { return stopped; }));
  EXPECT_EQ(application.cancelled, 1);
  EXPECT_EQ(application.parked, 0);
}

TEST_F(HttpServerLifetime, ShutDownServesARequestThatHasBegunToArrive) {
  start();
  auto client = connect();
  client.write("GET /hel");
  auto other = connect();
  other.ask(get_hello);

  begin_shut_down(20s);
  ASSERT_EQ(other.read_to_end(), "");
  client.write("lo HTTP/1.1\r\nhost: x\r\n\r\n");

  EXPECT_THAT(client.read_to_end(), EndsWith("hello"));
  EXPECT_TRUE(eventually([&] { return stopped; }));
}

TEST_F(HttpServerLifetime, CancellingRunEndsEverything) {
  start();
  auto client = connect();
  client.write(get_park);
  ASSERT_TRUE(eventually([&] { return application.parked == 1; }));

  background.cancel();

  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(eventually([&] { return background.size() == 0; }));
  EXPECT_EQ(application.cancelled, 1);
}

TEST_F(HttpServerLifetime, AServerMayGoBeforeItsEventLoop) {
  start();
  auto client = connect();
  client.write(get_park);
  ASSERT_TRUE(eventually([&] { return application.parked == 1; }));
  test::run(io, server->shut_down(0ms));

  server.reset();

  EXPECT_EQ(client.read_to_end(), "");
}

}  // namespace
}  // namespace butler::http::server_lifetime_test
