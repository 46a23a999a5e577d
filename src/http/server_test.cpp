#include "http/server.hpp"

#include <gmock/gmock.h>

#include <system_error>

#include "http/server_test_support.hpp"

namespace butler::http::server_test {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpServer : public test::ServerTest {};

constexpr auto get_hello = "GET /hello HTTP/1.1\r\nhost: x\r\n\r\n";

TEST_F(HttpServer, AnswersOneRequestAfterTheOtherOnAKeptConnection) {
  start();
  auto client = connect();

  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.ask(get_hello), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
  }
}

TEST_F(HttpServer, HandsHeadAndBodyToTheApplication) {
  start();
  auto client = connect();

  client.ask("POST /echo?a=1 HTTP/1.1\r\nHost: x\r\nX-Api-Key: k\r\nContent-Length: 4\r\n\r\nbody");

  EXPECT_EQ(application.last.head.method, "POST");
  EXPECT_EQ(application.last.head.target, "/echo?a=1");
  EXPECT_EQ(application.last.head.headers.find("x-api-key"), "k");
  EXPECT_EQ(application.last.head.content_length, 4U);
  EXPECT_FALSE(application.last.head.chunked);
  EXPECT_EQ(application.last.body, "body");
}

TEST_F(HttpServer, ReadsARequestThatComesByteByByte) {
  start();
  auto client = connect();
  const std::string request = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc";

  for (const char byte : request) client.write(std::string(1, byte));

  EXPECT_THAT(client.read_response(), EndsWith("\r\n\r\nabc"));
}

TEST_F(HttpServer, ReadsChunksAndIgnoresTrailers) {
  start();
  auto client = connect();

  const auto answer = client.ask(
      "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
      "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nx-api-key: stolen\r\n\r\n");

  EXPECT_THAT(answer, EndsWith("\r\n\r\nabc0123456789"));
  EXPECT_TRUE(application.last.head.chunked);
  EXPECT_EQ(application.last.head.headers.find("x-api-key"), std::nullopt);
  EXPECT_THAT(client.ask(get_hello), EndsWith("hello"));
}

TEST_F(HttpServer, APostWithoutLengthHasNoBody) {
  start();
  auto client = connect();

  EXPECT_THAT(client.ask("POST /echo HTTP/1.1\r\nhost: x\r\n\r\n"), HasSubstr("content-length: 0"));
}

TEST_F(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
  start();
  auto client = connect();
  std::string requests;
  for (int i = 0; i < 200; ++i) {
    requests += "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n" + std::to_string(100 + i);
  }

  client.write(requests);

  for (int i = 0; i < 200; ++i)
    EXPECT_THAT(client.read_response(), EndsWith("\r\n\r\n" + std::to_string(100 + i)));
}

TEST_F(HttpServer, AHeadIsAnsweredWithoutBody) {
  start();
  auto client = connect();

  client.write("HEAD /hello HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
  EXPECT_THAT(client.ask(get_hello), EndsWith("hello"));
}

TEST_F(HttpServer, NoContentHasNeitherLengthNorBody) {
  start();
  auto client = connect();

  EXPECT_EQ(client.ask("GET /empty HTTP/1.1\r\nhost: x\r\n\r\n"), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_THAT(client.ask(get_hello), EndsWith("hello"));
}

TEST_F(HttpServer, FramingIsItsOwnAndValuesCannotBreakOut) {
  start();
  auto client = connect();

  const auto answer = client.ask("GET /fields HTTP/1.1\r\nhost: x\r\n\r\n");

  EXPECT_THAT(answer, HasSubstr("content-length: 0\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("999")));
  EXPECT_THAT(answer, HasSubstr("x-split: a  x-evil: b\r\n"));
}

TEST_F(HttpServer, ClosesWhenTheClientOrTheApplicationAsksForIt) {
  start();

  auto asking = connect();
  asking.write("GET /hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  EXPECT_THAT(asking.read_to_end(), HasSubstr("connection: close\r\n"));

  auto asked = connect();
  asked.write("GET /close HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_THAT(asked.read_to_end(), HasSubstr("connection: close\r\n"));
}

TEST_F(HttpServer, Http10IsClosedUnlessItAsksToBeKept) {
  start();

  auto plain = connect();
  plain.write("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_THAT(plain.read_to_end(), EndsWith("hello"));

  auto kept = connect();
  EXPECT_THAT(kept.ask("GET /hello HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"),
              HasSubstr("connection: keep-alive"));
  EXPECT_THAT(kept.ask("GET /hello HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"), EndsWith("hello"));
}

TEST_F(HttpServer, AsksForTheBodyOnlyAfterAdmission) {
  start();
  auto client = connect();

  client.write("POST /echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(client.ask("body"), EndsWith("body"));

  auto refused = connect();
  refused.write("POST /forbidden HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n");
  EXPECT_THAT(refused.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 401 Unauthorized\r\n"));
}

TEST_F(HttpServer, NobodyIsAskedForABodyBeforeTheHeadIsWhole) {
  start();
  auto client = connect();
  const std::string request =
      "POST /forbidden HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 4\r\nhost: x\r\n\r\n";

  for (const char byte : request) client.write(std::string(1, byte));

  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 401"));
}

TEST_F(HttpServer, ARefusedRequestIsAnsweredBeforeItsBodyCame) {
  start();
  auto client = connect();

  const auto answer =
      client.ask("POST /forbidden HTTP/1.1\r\nhost: x\r\ncontent-length: 900\r\n\r\nonly the begin of it");

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(answer, HasSubstr("connection: close"));
}

TEST_F(HttpServer, ABodyOverItsLimitIsRefusedByItsLengthAndByItsChunks) {
  start();

  auto announced = connect();
  const auto early = announced.ask("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1001\r\n\r\n");
  EXPECT_THAT(early, StartsWith("HTTP/1.1 413 Payload Too Large\r\n"));
  EXPECT_THAT(early, HasSubstr(R"({"error":"payload_too_large")"));
  EXPECT_THAT(early, HasSubstr("connection: close"));

  auto chunked = connect();
  chunked.write("POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
  chunked.write("3E8\r\n" + std::string(1000, 'x') + "\r\n");
  EXPECT_THAT(chunked.ask("1\r\nx\r\n"), StartsWith("HTTP/1.1 413"));

  auto huge = connect();
  huge.write("POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
  EXPECT_THAT(huge.ask("FFFFFFFFFFFFFFFF\r\n"), StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpServer, AClientThatSendsOnAfterARefusalStillReadsIt) {
  start();
  auto client = connect();

  client.write("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4000000\r\n\r\n");
  client.write(std::string(4'000'000, 'x'));
  client.socket.shutdown(boost::asio::ip::tcp::socket::shutdown_send);

  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(client.ending, boost::asio::error::eof);
}

TEST_F(HttpServer, ALimitOfExactlyTheBodyIsEnough) {
  start();
  auto client = connect();

  const auto answer =
      client.ask("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n" + std::string(1000, 'x'));

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServer, AHeadThatIsTooLargeIsRefusedHoweverItComes) {
  start({.header_bytes = 1000});
  auto at_once = connect();
  at_once.write("GET / HTTP/1.1\r\nhost: x\r\nx: " + std::string(2000, 'y') + "\r\n\r\n");
  EXPECT_THAT(at_once.read_response(), StartsWith("HTTP/1.1 431"));

  auto long_line = connect();
  long_line.write("GET /" + std::string(2000, 'y'));
  EXPECT_THAT(long_line.read_response(), StartsWith("HTTP/1.1 431"));

  auto line_by_line = connect();
  line_by_line.write("GET / HTTP/1.1\r\nhost: x\r\n");
  for (int i = 0; i < 100; ++i) line_by_line.write("x-field: value\r\n");
  EXPECT_THAT(line_by_line.read_response(), StartsWith("HTTP/1.1 431"));

  auto chunk_extension = connect();
  chunk_extension.write("POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1;");
  chunk_extension.write(std::string(3000, 'e'));
  EXPECT_THAT(chunk_extension.read_response(), StartsWith("HTTP/1.1 431"));
  EXPECT_EQ(application.admitted, 1);
}

TEST_F(HttpServer, AFaultInTheApplicationIsAnsweredWithoutItsText) {
  start();
  for (const char* path : {"/throw", "/silent", "/admit-throws"}) {
    auto client = connect();

    const auto answer = client.ask("GET " + std::string{path} + " HTTP/1.1\r\nhost: x\r\n\r\n");

    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 Internal Server Error\r\n")) << path;
    EXPECT_THAT(answer, HasSubstr(R"({"error":"internal_error")")) << path;
    EXPECT_THAT(answer, Not(HasSubstr("bug"))) << path;
  }
}

TEST_F(HttpServer, AHalfClosedClientStillGetsItsAnswer) {
  start();
  auto client = connect();

  client.write(get_hello);
  client.socket.shutdown(boost::asio::ip::tcp::socket::shutdown_send);

  EXPECT_THAT(client.read_to_end(), EndsWith("hello"));
}

TEST_F(HttpServer, ALargeAnswerReachesASlowReaderWhole) {
  start();
  auto slow = connect();
  auto other = connect();

  slow.write("GET /large HTTP/1.1\r\nhost: x\r\n\r\n");
  for (int i = 0; i < 10; ++i) EXPECT_THAT(other.ask(get_hello), EndsWith("hello"));
  const auto answer = slow.read_response();

  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, application.large_size);
}

TEST_F(HttpServer, AConnectionOverTheLimitIsTurnedAwayWhileAllAreBusy) {
  start({.connections = 2});
  auto first = connect();
  auto second = connect();
  first.write("GET /park HTTP/1.1\r\nhost: x\r\n\r\n");
  second.write("GET /park HTTP/1.1\r\nhost: x\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return application.parked == 2; }));

  auto third = connect();
  EXPECT_THAT(third.read_to_end(), StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));

  first.socket.close();
  EXPECT_TRUE(
      eventually([&] { return connect().ask_or_nothing("GET /hello HTTP/1.0\r\n\r\n").ends_with("hello"); }));
}

TEST_F(HttpServer, TheConnectionThatIdledLongestMakesRoomForANewOne) {
  start({.connections = 3});
  auto first = connect();
  auto second = connect();
  auto busy = connect();
  busy.write("GET /park HTTP/1.1\r\nhost: x\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return application.parked == 1; }));
  second.ask(get_hello);
  first.ask(get_hello);  // now the second has idled longer

  auto fourth = connect();

  EXPECT_THAT(fourth.ask(get_hello), EndsWith("hello"));
  EXPECT_EQ(second.read_to_end(), "");
  EXPECT_THAT(first.ask(get_hello), EndsWith("hello"));
}

TEST_F(HttpServer, WhoNeverSaysAWholeRequestKeepsNobodyOut) {
  start({.connections = 3, .stranger_patience = 0ms});
  auto known = connect();
  known.ask(get_hello);
  auto slow = connect();
  slow.write("GET /he");
  auto refused = connect();
  refused.ask("GET /forbidden HTTP/1.1\r\nhost: x\r\n\r\n");  // and is not closed by its client

  for (int i = 0; i < 3; ++i) EXPECT_THAT(connect().ask(get_hello), EndsWith("hello"));
  EXPECT_THAT(known.ask(get_hello), EndsWith("hello")) << "strangers go before those that are known";
  EXPECT_EQ(slow.read_to_end(), "");
}

TEST_F(HttpServer, AStrangerHasAMomentToSayWhatItWants) {
  start({.connections = 1, .stranger_patience = 1h});
  auto first = connect();
  first.write("GET /hel");
  ASSERT_TRUE(eventually([&] { return server->connections() == 1; }));
  first.write("l");

  EXPECT_THAT(connect().read_to_end(), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(first.ask("o HTTP/1.1\r\nhost: x\r\n\r\n"), EndsWith("hello"));
}

TEST_F(HttpServer, WhoeverHasCalledIsThereBeforeTheFirstRequestIsServed) {
  start();
  std::vector<std::unique_ptr<test::RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<test::RawClient>(io, server->port()));
    boost::asio::write(clients.back()->socket, boost::asio::buffer(std::string_view{get_hello}));
  }
  std::size_t there = 0;
  application.on_admission = [&] { there = there == 0 ? server->connections() : there; };

  ASSERT_TRUE(eventually([&] { return application.admitted == 20; }));
  EXPECT_EQ(there, 20U);
}

TEST_F(HttpServer, ServesAThousandConnectionsSideBySide) {
  start();
  std::vector<std::unique_ptr<test::RawClient>> clients;
  for (int i = 0; i < 1000; ++i) {
    clients.push_back(std::make_unique<test::RawClient>(io, server->port()));
    clients.back()->write("GET /park HTTP/1.1\r\nhost: x\r\n\r\n");
  }
  ASSERT_TRUE(eventually([&] { return application.parked == 1000; }));

  application.release = true;
  application.changed.notify_all();

  for (auto& client : clients) EXPECT_THAT(client->read_response(), EndsWith("released"));
}

TEST_F(HttpServer, ListensOnlyOnceOnAPort) {
  start();
  Server second(io.get_executor(), {.port = server->port()}, application);

  try {
    second.listen();
    FAIL() << "listened twice";
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:" + std::to_string(server->port())));
  }
}

}  // namespace
}  // namespace butler::http::server_test
