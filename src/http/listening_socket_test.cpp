#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <system_error>

#include "http/client.hpp"
#include "http/server_test_support.hpp"
#include "unit/temp_folder.hpp"

namespace butler::http::listening_socket_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string text_of_failure(const std::filesystem::path& path) {
  try {
    ListeningSocket::on_path(path);
  } catch (const std::system_error& error) {
    return error.what();
  }
  return "nothing failed";
}

class ListeningSockets : public test::ServerTest {
 protected:
  void start_on(ListeningSocket socket) {
    server = std::make_unique<Server>(io.get_executor(), ServerOptions{}, application);
    server->listen(std::move(socket));
    background.spawn("server", server->run());
  }

  std::string ask(const Url& url) {
    struct Call {
      static boost::asio::awaitable<void> run(Client& client, std::string& text) {
        Request request{.head = {.method = "GET", .target = "/hello"}};
        const auto answer = co_await client.send(std::move(request), 10s);
        text = answer ? answer->body : answer.error().message;
      }
    };
    Client client(io.get_executor(), url);
    std::string text;
    test::run(io, Call::run(client, text));
    return text;
  }

  /// A socket file that nobody listens on.
  void leave_stale_file() const {
    auto parts = ListeningSocket::on_path(path).release();
    ::close(parts.descriptor);
    std::filesystem::create_hard_link(path, folder.path() / "kept");
    parts.file.remove();
    std::filesystem::rename(folder.path() / "kept", path);
  }

  butler::test::TempFolder folder;
  std::filesystem::path path = folder.path() / "role.sock";
};

TEST_F(ListeningSockets, AServerOnAUnixSocketAnswersOurClient) {
  start_on(ListeningSocket::on_path(path));

  EXPECT_EQ(ask(Url::on_socket(path)), "hello");
  EXPECT_EQ(server->port(), 0);
}

TEST_F(ListeningSockets, OnlyTheOwnerMayConnectWhateverTheUmask) {
  const mode_t before = ::umask(0);
  const auto socket = ListeningSocket::on_path(path);
  ::umask(before);

  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(ListeningSockets, TheFileGoesWhenTheServerShutsDown) {
  start_on(ListeningSocket::on_path(path));
  ASSERT_TRUE(std::filesystem::exists(path));

  test::run(io, server->shut_down(0ms));

  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ListeningSockets, TheFileOfADeadProcessIsReplaced) {
  leave_stale_file();
  ASSERT_THAT(ask(Url::on_socket(path)), HasSubstr("refused"));

  start_on(ListeningSocket::on_path(path));

  EXPECT_EQ(ask(Url::on_socket(path)), "hello");
}

TEST_F(ListeningSockets, ALiveSocketIsAnErrorThatNamesThePathAndStaysUsable) {
  start_on(ListeningSocket::on_path(path));

  EXPECT_THAT(text_of_failure(path), HasSubstr(path.string() + ": a process listens there"));
  EXPECT_EQ(ask(Url::on_socket(path)), "hello");
}

TEST_F(ListeningSockets, AFileInTheWayIsLeftAlone) {
  std::ofstream(path) << "precious";

  EXPECT_THAT(text_of_failure(path), HasSubstr(path.string()));
  EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

TEST_F(ListeningSockets, APathThatIsTooLongIsNamed) {
  const auto long_path = folder.path() / std::string(120, 'x');

  EXPECT_THAT(text_of_failure(long_path), HasSubstr(long_path.string()));
}

TEST_F(ListeningSockets, AServerTakesAListeningDescriptorOfEitherFamily) {
  auto tcp = ListeningSocket::adopt(ListeningSocket::on_port("localhost", 0).release().descriptor);
  const auto port = std::to_string(tcp.port());
  start_on(std::move(tcp));
  EXPECT_EQ(ask({.host = "127.0.0.1", .port = port}), "hello");
  test::run(io, server->shut_down(0ms));

  auto parts = ListeningSocket::on_path(path).release();
  start_on(ListeningSocket::adopt(parts.descriptor));
  EXPECT_EQ(ask(Url::on_socket(path)), "hello");
}

TEST_F(ListeningSockets, ADescriptorThatDoesNotListenIsRefused) {
  EXPECT_THROW(ListeningSocket::adopt(::socket(AF_UNIX, SOCK_STREAM, 0)), std::system_error);
  EXPECT_THROW(ListeningSocket::adopt(-1), std::system_error);
}

TEST_F(ListeningSockets, AnErrorOfTheClientNamesThePath) {
  EXPECT_THAT(ask(Url::on_socket(path)), HasSubstr(path.string()));
}

}  // namespace
}  // namespace butler::http::listening_socket_test
