// Bodies that a server takes, and gives, piece by piece.
#include <gmock/gmock.h>

#include "http/server_test_support.hpp"

namespace butler::http::server_body_test {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t many = std::size_t{3} << 20U;

class HttpServerBody : public test::ServerTest {
 protected:
  HttpServerBody() { application.limit = many; }

  static std::string put(std::size_t length, const std::string& more = "") {
    return "PUT /sink HTTP/1.1\r\nhost: x\r\ncontent-length: " + std::to_string(length) + "\r\n" + more +
           "\r\n";
  }
};

TEST_F(HttpServerBody, GoesIntoTheSinkPieceByPieceAndNotIntoTheRequest) {
  start();
  auto client = connect();

  const auto answer = client.ask(put(many) + std::string(many, 'b'));

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(application.sink->taken, std::string(many, 'b'));
  EXPECT_LE(application.sink->largest, body_piece);
  EXPECT_EQ(application.last.body, "");
  EXPECT_EQ(application.last.sink, application.sink);
}

TEST_F(HttpServerBody, ChunksGoIntoTheSinkToo) {
  start();
  auto client = connect();

  client.ask(
      "PUT /sink HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");

  EXPECT_EQ(application.sink->taken, "abcdefg");
}

TEST_F(HttpServerBody, TheLimitHoldsForChunksAsForANamedLength) {
  application.limit = 5;
  start();

  EXPECT_THAT(connect().ask(put(6)), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(connect().ask("PUT /sink HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
                            "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(application.sink->taken, "abc");
}

TEST_F(HttpServerBody, TheSinkMayRefuseInTheMiddleAndTheConnectionEnds) {
  application.sink->refuse_beyond = 100;
  start();
  auto client = connect();

  client.write(put(many) + std::string(200, 'x'));
  const auto answer = client.read_to_end();

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 507"));
  EXPECT_THAT(answer, EndsWith("full"));
}

TEST_F(HttpServerBody, AClientThatWaitsToBeAskedIsAskedAfterAdmission) {
  start();
  auto client = connect();

  client.write(put(4, "expect: 100-continue\r\n"));
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.write("body");

  EXPECT_THAT(client.read_response(), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(application.sink->taken, "body");
}

TEST_F(HttpServerBody, ABodyThatTricklesEndsAtItsDeadlineWhateverItsLength) {
  ServerOptions options;
  options.body_timeout = 1s;
  options.body_rate = 2 * many;  // less than a second for so many
  start(options);
  auto client = connect();
  client.write(put(many) + "a");

  client.read_to_end();

  EXPECT_EQ(application.sink->taken, "a");
  EXPECT_EQ(application.sink.use_count(), 1) << "what the request held is let go";
}

TEST_F(HttpServerBody, AClientThatLeavesInTheMiddleLeavesNothingBehind) {
  start();
  {
    auto client = connect();
    client.write(put(many) + std::string(1000, 'x'));
    EXPECT_TRUE(eventually([&] { return application.sink->taken.size() == 1000; }));
  }

  EXPECT_TRUE(eventually([&] { return application.sink.use_count() == 1; }));
  EXPECT_EQ(application.last.sink, nullptr) << "it was served";
}

TEST_F(HttpServerBody, ASourceIsSentWithItsLengthAndTheConnectionIsKept) {
  application.source->promised = application.source->has = many;
  start();
  auto client = connect();

  const auto answer = client.ask("GET /source HTTP/1.1\r\nhost: x\r\n\r\n");

  EXPECT_THAT(answer, HasSubstr("content-length: " + std::to_string(many) + "\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n" + std::string(many, 'S')));
  EXPECT_THAT(client.ask("GET /hello HTTP/1.1\r\nhost: x\r\n\r\n"), EndsWith("hello"));
}

TEST_F(HttpServerBody, ASourceIsReadNoFasterThanTheClientTakesIt) {
  application.source->promised = application.source->has = std::size_t{256} << 20U;
  start();
  auto client = connect();

  client.write("GET /source HTTP/1.1\r\nhost: x\r\n\r\n");
  client.read_until("\r\n\r\n");
  std::size_t before = 0;
  // It stands still when what lies between the two sockets is full.
  EXPECT_TRUE(
      eventually([&] { return std::exchange(before, application.source->given) == before && before > 0; }));

  EXPECT_LT(application.source->given, std::size_t{64} << 20U);
}

TEST_F(HttpServerBody, ASourceThatFailsLeavesAMessageThatIsSeenToBeCut) {
  application.source->promised = 1000;
  application.source->has = 10;
  for (const bool fails : {false, true}) {
    application.source->given = 0;
    application.source->fails = fails;
    if (!server) start();
    auto client = connect();

    client.write("GET /source HTTP/1.1\r\nhost: x\r\n\r\n");

    EXPECT_THAT(client.read_to_end(), EndsWith("\r\n\r\nSSSSSSSSSS"));
  }
}

TEST_F(HttpServerBody, AHeadRequestGetsTheLengthOfASourceAndNoneOfIt) {
  application.source->promised = application.source->has = 10;
  start();
  auto client = connect();

  client.write("HEAD /source HTTP/1.1\r\nhost: x\r\n\r\n");

  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("content-length: 10\r\n"));
  EXPECT_EQ(application.source->given, 0U);
}

}  // namespace
}  // namespace butler::http::server_body_test
