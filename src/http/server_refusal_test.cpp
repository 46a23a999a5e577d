#include <gmock/gmock.h>

#include "http/server_test_support.hpp"

// What no two programs would read alike is not read at all: the ways of request smuggling.
namespace butler::http::server_refusal_test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Malformed : public test::ServerTest, public testing::WithParamInterface<const char*> {};

TEST_P(Malformed, IsRefusedWith400) {
  start();
  auto client = connect();

  const auto answer = client.ask(GetParam());

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(answer, HasSubstr(R"({"error":"invalid_request")"));
  EXPECT_EQ(application.admitted, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Heads, Malformed,
    testing::Values(
        "nonsense\r\n\r\n", "GET / HTTP/2.0\r\nhost: x\r\n\r\n", "GET /\r\n\r\n",
        "GET  / HTTP/1.1\r\nhost: x\r\n\r\n", "GET / HTTP/1.1\nhost: x\n\n",
        "GET / HTTP/1.1\r\nhost : x\r\n\r\n", "GET / HTTP/1.1\r\nho st: x\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx: a\001b\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length:\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx: y\r\n content-length: 3\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx: y\r\n\tz\r\n\r\n", "GET / HTTP/1.1\r\n host: x\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\nx: y\r\n\r\n", "GET / HTTP/1.1\r\nhost: x\r\nx: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\n: y\r\n\r\n", "GET\t/ HTTP/1.1\r\nhost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: +3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0x3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntransfer-encoding: "
        "chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"));

class MalformedChunks : public test::ServerTest, public testing::WithParamInterface<const char*> {};

TEST_P(MalformedChunks, AreRefusedAndNothingBehindThemIsServed) {
  start();
  auto client = connect();

  client.write("POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n" +
               std::string{GetParam()} + "GET /hello HTTP/1.1\r\nhost: x\r\n\r\n");
  const auto answers = client.read_to_end();

  EXPECT_THAT(answers, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(answers, Not(HasSubstr("hello")));
}

INSTANTIATE_TEST_SUITE_P(Bodies, MalformedChunks,
                         testing::Values("0x2\r\nab\r\n0\r\n\r\n", "-2\r\nab\r\n0\r\n\r\n",
                                         " 2\r\nab\r\n0\r\n\r\n", "2\nab\r\n0\r\n\r\n", "2\r\nab\n0\r\n\r\n",
                                         "2\r\nabXX0\r\n\r\n", "ffffffffffffffff1\r\nab\r\n0\r\n\r\n",
                                         "2;a\nb\r\nab\r\n0\r\n\r\n", "2;a=\"\n\"\r\nab\r\n0\r\n\r\n"));

class UnknownCoding : public test::ServerTest, public testing::WithParamInterface<const char*> {};

TEST_P(UnknownCoding, IsRefusedWith501) {
  start();
  auto client = connect();

  const auto answer =
      client.ask("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: " + std::string{GetParam()} +
                 "\r\n\r\n0\r\n\r\nGET /hello HTTP/1.1\r\nhost: x\r\n\r\n");

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 501 Not Implemented\r\n"));
  EXPECT_EQ(application.admitted, 0);
}

INSTANTIATE_TEST_SUITE_P(Codings, UnknownCoding,
                         testing::Values("gzip", "gzip, chunked", "chunked, gzip", "identity", "xchunked",
                                         ""));

}  // namespace
}  // namespace butler::http::server_refusal_test
