#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "async/task_group.hpp"
#include "http/client.hpp"
#include "http/socket_test_support.hpp"

namespace butler::http::client_tls_test {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using boost::asio::use_awaitable;
using boost::asio::ip::tcp;
using testing::HasSubstr;
using Answer = std::expected<Response, ClientError>;
using TlsSocket = boost::asio::ssl::stream<tcp::socket>;
namespace ssl = boost::asio::ssl;

/// An authority of our own and a certificate for "localhost" and 127.0.0.1, made once.
class Certificates {
 public:
  Certificates() {
    std::string pattern = std::filesystem::temp_directory_path() / "butler-tls-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=TestAuthority"
        " -keyout ca.key -out ca.pem");
    openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server -keyout server.key -out "
        "server.csr");
    run("printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > names");
    openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out "
        "server.pem");
    openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial"
        " -days -1 -extfile names -out expired.pem");
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=OtherAuthority"
        " -keyout other.key -out other.pem");
  }
  ~Certificates() { std::filesystem::remove_all(directory_); }

  std::string path(const char* name) const { return directory_ / name; }

 private:
  void openssl(const std::string& arguments) const { run("openssl " + arguments); }
  void run(const std::string& command) const {
    const std::string line = "cd '" + directory_.string() + "' && " + command + " 2>/dev/null";
    if (std::system(line.c_str()) != 0) throw std::runtime_error("failed: " + command);
  }

  std::filesystem::path directory_;
};

class HttpsClient : public testing::Test {
 protected:
  HttpsClient() {
    tls.use_certificate_chain_file(certificates().path("server.pem"));
    tls.use_private_key_file(certificates().path("server.key"), ssl::context::pem);
    SSL_CTX_set_tlsext_servername_callback(tls.native_handle(), &HttpsClient::note_name);
    SSL_CTX_set_tlsext_servername_arg(tls.native_handle(), &asked_name);
    background.spawn("server", serve(acceptor, tls, accepted));
  }

  ~HttpsClient() override {
    unsetenv("SSL_CERT_FILE");
    background.cancel();
    test::run(io, background.join());
  }

  static Certificates& certificates() {
    static Certificates instance;
    return instance;
  }

  static std::string read(const char* name) {
    std::ifstream file(certificates().path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static int note_name(SSL* session, int*, void* into) {
    const char* name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
    *static_cast<std::string*>(into) = name == nullptr ? "" : name;
    return SSL_TLSEXT_ERR_OK;
  }

  /// Answers every request with "secret", two to a connection, and goes on after failed handshakes.
  static awaitable<void> serve(tcp::acceptor& acceptor, ssl::context& tls, int& accepted) {
    for (;;) {
      TlsSocket socket(co_await acceptor.async_accept(use_awaitable), tls);
      ++accepted;
      try {
        co_await socket.async_handshake(ssl::stream_base::server, use_awaitable);
        std::string buffer;
        for (int i = 0; i < 2; ++i) {
          const std::size_t size = co_await boost::asio::async_read_until(
              socket, boost::asio::dynamic_buffer(buffer), std::string{"\r\n\r\n"}, use_awaitable);
          buffer.erase(0, size);
          const std::string answer = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret";
          co_await boost::asio::async_write(socket, boost::asio::buffer(answer), use_awaitable);
        }
      } catch (const boost::system::system_error& error) {
        if (error.code() == boost::asio::error::operation_aborted) throw;
      }
    }
  }

  Client make_client(std::string host, Authorities authorities = {}) {
    return Client(
        io.get_executor(),
        Url{.tls = true, .host = std::move(host), .port = std::to_string(acceptor.local_endpoint().port())},
        {}, std::move(authorities));
  }

  static awaitable<void> send_into(Client& client, std::optional<Answer>& answer) {
    Request request{.head = {.method = "GET", .target = "/"}};
    answer = co_await client.send(std::move(request), 10s);
  }

  Answer send(Client& client) {
    std::optional<Answer> answer;
    test::run(io, send_into(client, answer));
    if (!answer) throw std::runtime_error("the call gave nothing");
    return *answer;
  }

  boost::asio::io_context io{1};
  ssl::context tls{ssl::context::tls_server};
  tcp::acceptor acceptor{io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
  tcp::acceptor elsewhere{io, tcp::endpoint(boost::asio::ip::make_address("127.0.0.2"), 0)};
  std::string asked_name;
  int accepted = 0;
  async::TaskGroup background{io.get_executor()};
};

TEST_F(HttpsClient, ACertificateOfAnUnknownAuthorityIsRefusedBeforeAnythingIsSent) {
  auto client = make_client("localhost");

  const auto answer = send(client);

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().outcome, ClientError::Outcome::not_sent);
  EXPECT_THAT(answer.error().message, HasSubstr("certificate"));
}

TEST_F(HttpsClient, GivenAuthoritiesAreTrustedInsteadOfTheSystems) {
  setenv("SSL_CERT_FILE", certificates().path("ca.pem").c_str(), 1);
  auto other = make_client("localhost", {.text = read("other.pem"), .setting = "THE_CA"});
  const auto answer = send(other);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().outcome, ClientError::Outcome::not_sent);
  EXPECT_THAT(answer.error().message, HasSubstr("THE_CA names the right one"));

  unsetenv("SSL_CERT_FILE");
  auto trusting = make_client("localhost", {.text = read("ca.pem"), .setting = "THE_CA"});
  EXPECT_TRUE(send(trusting));
}

TEST_F(HttpsClient, AuthoritiesThatAreNoneAreRefusedAtOnce) {
  const auto make = [this] { make_client("localhost", {.text = "hello", .setting = "THE_CA"}); };
  EXPECT_THAT(make, testing::ThrowsMessage<std::runtime_error>(HasSubstr("THE_CA holds no certificate")));
}

TEST_F(HttpsClient, AnExpiredCertificateIsRefusedWithAWordOnItsRenewal) {
  tls.use_certificate_chain_file(certificates().path("expired.pem"));
  auto client = make_client("localhost", {.text = read("ca.pem"), .setting = "THE_CA"});
  const auto answer = send(client);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("has expired"));
  EXPECT_THAT(answer.error().message, HasSubstr("renew it"));
}

TEST_F(HttpsClient, AnAuthorityFromTheEnvironmentIsTrustedAndTheConnectionReused) {
  setenv("SSL_CERT_FILE", certificates().path("ca.pem").c_str(), 1);
  auto client = make_client("localhost");

  for (int i = 0; i < 2; ++i) {
    const auto answer = send(client);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "secret");
  }
  EXPECT_EQ(accepted, 1);
  EXPECT_EQ(asked_name, "localhost");
}

TEST_F(HttpsClient, AnAddressIsVerifiedAsAnAddressAndNotSentAsAName) {
  setenv("SSL_CERT_FILE", certificates().path("ca.pem").c_str(), 1);
  auto client = make_client("127.0.0.1");

  const auto answer = send(client);

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(asked_name, "");
}

TEST_F(HttpsClient, ACertificateForAnotherNameIsRefusedBeforeAnythingIsSent) {
  setenv("SSL_CERT_FILE", certificates().path("ca.pem").c_str(), 1);
  background.spawn("elsewhere", serve(elsewhere, tls, accepted));
  Client client(
      io.get_executor(),
      Url{.tls = true, .host = "127.0.0.2", .port = std::to_string(elsewhere.local_endpoint().port())});

  const auto answer = send(client);

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().outcome, ClientError::Outcome::not_sent);
  EXPECT_THAT(answer.error().message, HasSubstr("mismatch"));
}

TEST_F(HttpsClient, AServerThatSpeaksNoTlsIsNotSentTo) {
  setenv("SSL_CERT_FILE", certificates().path("ca.pem").c_str(), 1);
  struct Plain {
    static awaitable<void> serve(tcp::acceptor& listener) {
      auto socket = co_await listener.async_accept(use_awaitable);
      co_await test::write(socket, "HTTP/1.1 400 Bad Request\r\n\r\n");
    }
  };
  background.spawn("plain", Plain::serve(elsewhere));
  Client client(
      io.get_executor(),
      Url{.tls = true, .host = "127.0.0.2", .port = std::to_string(elsewhere.local_endpoint().port())});

  const auto answer = send(client);

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().outcome, ClientError::Outcome::not_sent);
}

}  // namespace
}  // namespace butler::http::client_tls_test
