// CONNECT: the connection that an application takes over.
#include <gmock/gmock.h>

#include "http/server_test_support.hpp"

namespace butler::http::server_tunnel_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class HttpTunnel : public test::ServerTest {};

constexpr auto connect_request = "CONNECT host.example:443 HTTP/1.1\r\nhost: host.example:443\r\n\r\n";

TEST_F(HttpTunnel, CarriesRawBytesBothWaysAndEndsWithTheApplication) {
  start();
  auto client = connect();
  client.write(connect_request);
  EXPECT_EQ(client.read_until("<>"), "HTTP/1.1 200 Connection established\r\n\r\n<>");
  EXPECT_EQ(application.last.head.target, "host.example:443");
  client.write("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "GET / HTTP/1.1\r\n\r\n");
  client.write("end");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(HttpTunnel, KeepsWhatTheClientHasSentBehindTheRequest) {
  start();
  auto client = connect();
  client.write(std::string{connect_request} + "hasty");
  EXPECT_THAT(client.read_until(">"), testing::EndsWith("<hasty>"));
}

TEST_F(HttpTunnel, IsCutWhenTheServerShutsDown) {
  start();
  auto client = connect();
  client.write(connect_request);
  client.read_until("<>");
  test::run(io, server->shut_down(0ms));
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(HttpTunnel, HasNoIdleLimitOfTheServers) {
  start({.head_timeout = 1s, .body_timeout = 1s, .write_timeout = 1s, .idle_timeout = 1s});
  auto client = connect();
  client.write(connect_request);
  client.read_until("<>");
  const auto late = std::chrono::steady_clock::now() + 1500ms;
  eventually([&] { return std::chrono::steady_clock::now() > late; });
  client.write("still");
  EXPECT_EQ(client.read_until("still"), "still");
}

TEST_F(HttpTunnel, IsRefusedForARequestWithABody) {
  start();
  for (const char* const field : {"content-length: 3", "transfer-encoding: chunked"}) {
    auto client = connect();
    const auto answer = client.ask_or_nothing("CONNECT host.example:443 HTTP/1.1\r\nhost: x\r\n" +
                                              std::string{field} + "\r\n\r\nabc");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << field;
  }
}

TEST_F(HttpTunnel, IsNothingForOtherMethods) {
  start();
  auto client = connect();
  EXPECT_THAT(client.ask("GET /tunnel HTTP/1.1\r\nhost: x\r\n\r\n"), StartsWith("HTTP/1.1 500 "));
}

}  // namespace
}  // namespace butler::http::server_tunnel_test
