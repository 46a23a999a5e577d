#include "http/server_tls.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <boost/asio/read_until.hpp>
#include <fstream>
#include <tuple>

#include "async/as_result.hpp"
#include "http/server_test_support.hpp"
#include "http/tls_test_support.hpp"

namespace butler::http::server_tls_test {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using boost::asio::use_awaitable;
using boost::asio::ip::tcp;
using testing::EndsWith;
using testing::HasSubstr;
namespace ssl = boost::asio::ssl;

const std::string get_hello = "GET /hello HTTP/1.1\r\nhost: x\r\n\r\n";

test::SelfSigned& certificate() {
  static test::SelfSigned instance;
  return instance;
}

/// A client that says over TLS exactly what a test says.
class TlsClient {
 public:
  TlsClient(boost::asio::io_context& io, std::uint16_t port, int newest_version = TLS1_3_VERSION)
      : io_(io), context_(ssl::context::tls_client), stream_(io, context_) {
    SSL_set_max_proto_version(stream_.native_handle(), newest_version);
    SSL_set_min_proto_version(stream_.native_handle(), TLS1_VERSION);
    SSL_set_security_level(stream_.native_handle(), 0);
    stream_.next_layer().connect({boost::asio::ip::address_v4::loopback(), port});
    test::run(io_, shake_hands());
  }

  bool agreed() const { return agreed_; }
  std::string version() { return SSL_get_version(stream_.native_handle()); }

  TlsClient& write(std::string text) {
    test::run(io_, send(std::move(text)));
    return *this;
  }
  std::string ask(std::string text, std::string end) {
    write(std::move(text));
    return read_until(std::move(end));
  }
  std::string read_until(std::string end) {
    std::string text;
    test::run(io_, read_into(std::move(end), text));
    return text;
  }
  boost::system::error_code read_to_end() {
    test::run(io_, read_rest());
    return ending_;
  }
  void say_goodbye() { test::run(io_, shut_down()); }
  tcp::socket& socket() { return stream_.next_layer(); }

 private:
  awaitable<void> shake_hands() {
    const auto [error] = co_await stream_.async_handshake(ssl::stream_base::client, async::as_result);
    agreed_ = !error;
  }
  awaitable<void> send(std::string text) {
    co_await boost::asio::async_write(stream_, boost::asio::buffer(text), async::as_result);
  }
  awaitable<void> read_into(std::string end, std::string& text) {
    const auto [error, size] = co_await boost::asio::async_read_until(
        stream_, boost::asio::dynamic_buffer(buffer_), std::move(end), async::as_result);
    if (error) co_return;
    text = buffer_.substr(0, size);
    buffer_.erase(0, size);
  }
  awaitable<void> read_rest() {
    std::size_t size = 0;
    std::tie(ending_, size) = co_await boost::asio::async_read(stream_, boost::asio::dynamic_buffer(buffer_),
                                                               boost::asio::transfer_all(), async::as_result);
  }
  awaitable<void> shut_down() { co_await stream_.async_shutdown(async::as_result); }

  boost::asio::io_context& io_;
  ssl::context context_;
  ssl::stream<tcp::socket> stream_;
  std::string buffer_;
  boost::system::error_code ending_;
  bool agreed_ = false;
};

class HttpsServer : public test::ServerTest {
 protected:
  void start_tls(ServerOptions options = {}) {
    options.tls = ServerTls::from_files(certificate().certificate_file(), certificate().key_file());
    start(options);
  }
  TlsClient connect_tls(int newest_version = TLS1_3_VERSION) { return {io, server->port(), newest_version}; }
};

TEST_F(HttpsServer, ServesManyRequestsOnOneConnection) {
  start_tls();
  auto client = connect_tls();

  EXPECT_EQ(client.version(), "TLSv1.3");
  for (int i = 0; i < 3; ++i) EXPECT_THAT(client.ask(get_hello, "hello"), HasSubstr("200 OK"));
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(HttpsServer, LargeBodiesPassInBothDirections) {
  start_tls();
  application.limit = std::size_t{2} << 20U;
  auto client = connect_tls();
  const std::string body = std::string(std::size_t{1} << 20U, 'b') + "END";

  const auto answer = client.ask(
      "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body,
      "END");

  EXPECT_THAT(answer, EndsWith("\r\n\r\n" + body));
}

TEST_F(HttpsServer, OldVersionsAreRefusedAndTls12IsNot) {
  start_tls();

  EXPECT_FALSE(connect_tls(TLS1_1_VERSION).agreed());
  EXPECT_EQ(connect_tls(TLS1_2_VERSION).version(), "TLSv1.2");
  EXPECT_TRUE(eventually([&] { return server->connections() == 0; }));
}

TEST_F(HttpsServer, WhoSpeaksNoTlsIsNotServed) {
  start_tls();
  auto client = connect();

  EXPECT_THAT(client.ask_or_nothing(get_hello), testing::Not(HasSubstr("HTTP/1.1")));
  EXPECT_EQ(application.admitted, 0);
}

TEST_F(HttpsServer, AHandshakeHasADeadline) {
  start_tls({.handshake_timeout = 0s});
  auto client = connect();

  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(HttpsServer, AClientCanTellTheEndFromACut) {
  start_tls();
  auto client = connect_tls();

  client.write("GET /hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");

  EXPECT_EQ(client.read_to_end(), boost::asio::error::eof);
}

TEST_F(HttpsServer, ARefusedClientReadsItsAnswerAlthoughItGoesOnSending) {
  start_tls();
  auto client = connect_tls();

  EXPECT_THAT(
      client.ask("POST /forbidden HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n" + std::string(400, 'b'),
                 "\r\n\r\nno"),
      HasSubstr("401"));
}

TEST_F(HttpsServer, ACloseWhileTheAnswerIsWaitedForIsNoticed) {
  start_tls();
  auto orderly = connect_tls();
  auto rude = connect_tls();
  for (auto* client : {&orderly, &rude}) client->write("GET /park HTTP/1.1\r\nhost: x\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return application.parked == 2; }));

  orderly.say_goodbye();
  rude.socket().close();

  EXPECT_TRUE(eventually([&] { return application.closed == 2; }));
  EXPECT_TRUE(eventually([&] { return server->connections() == 0; }));
}

TEST_F(HttpsServer, ARequestThatComesWhileTheOneBeforeIsServedIsAnsweredNext) {
  start_tls();
  auto client = connect_tls();
  client.write("GET /park HTTP/1.1\r\nhost: x\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return application.parked == 1; }));

  client.write("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\n\r\nsecond");
  application.release = true;
  application.changed.notify_all();

  EXPECT_THAT(client.read_until("second"), HasSubstr("released"));
}

TEST_F(HttpsServer, IdleConnectionsCloseWhenTheServerStops) {
  start_tls();
  auto client = connect_tls();
  client.ask(get_hello, "hello");

  test::run(io, server->shut_down(10s));

  EXPECT_TRUE(client.read_to_end().failed());
}

TEST(ServerTlsFiles, ASelfSignedCertificateIsKnownAsOne) {
  const auto tls = ServerTls::from_files(certificate().certificate_file(), certificate().key_file());

  EXPECT_TRUE(tls->is_self_signed());
  EXPECT_THAT(tls->certificate_text(), HasSubstr("BEGIN CERTIFICATE"));
}

std::string fault_of(const std::filesystem::path& cert, const std::filesystem::path& key) {
  try {
    ServerTls::from_files(cert, key);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

TEST(ServerTlsFiles, WhatIsWrongWithThemIsSaid) {
  const test::SelfSigned other;
  const auto cert = certificate().certificate_file();
  const auto key = certificate().key_file();

  EXPECT_THAT(fault_of("/nowhere/cert.pem", key),
              testing::StartsWith("/nowhere/cert.pem: cannot be read (No such"));
  EXPECT_THAT(fault_of(cert, "/nowhere/key.pem"),
              testing::StartsWith("/nowhere/key.pem: cannot be read (No such"));
  EXPECT_THAT(fault_of(key, key), HasSubstr("holds no certificate"));
  EXPECT_THAT(fault_of(cert, cert), HasSubstr("holds no key"));
  EXPECT_THAT(fault_of(cert, other.key_file()), HasSubstr("of the certificate in"));
}

TEST(ServerTlsFiles, AKeyThatOthersMayReadOrChangeIsNone) {
  const test::SelfSigned own;
  const auto fault_with = [&own](unsigned mode) {
    std::filesystem::permissions(own.key_file(), std::filesystem::perms{mode});
    return fault_of(own.certificate_file(), own.key_file());
  };
  for (const unsigned mode : {0644U, 0604U, 0602U, 0660U})
    EXPECT_THAT(fault_with(mode), HasSubstr("other users may read or change; run: chmod")) << mode;
  for (const unsigned mode : {0640U, 0600U, 0400U}) EXPECT_EQ(fault_with(mode), "none") << mode;
}

TEST(ServerTlsFiles, AFifoInTheirPlaceHoldsNobodyUp) {
  const test::SelfSigned own;
  std::filesystem::remove(own.key_file());
  ASSERT_EQ(::mkfifo(own.key_file().c_str(), 0600), 0);
  EXPECT_THAT(fault_of(own.certificate_file(), own.key_file()), HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace butler::http::server_tls_test
