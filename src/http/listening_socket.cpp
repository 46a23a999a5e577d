#include "http/listening_socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace butler::http {

namespace asio = boost::asio;

namespace {

constexpr mode_t owner_only = 0600;
constexpr int open_flags = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

std::string cannot_listen(const std::string& address) { return "cannot listen on " + address; }

sockaddr_un unix_address(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& text = path.native();
  if (text.size() >= sizeof(address.sun_path)) fail(ENAMETOOLONG, cannot_listen(text));
  std::ranges::copy(text, address.sun_path);
  return address;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

/// What a connection to the socket file meets: 0, or the error number.
int try_connect(const sockaddr_un& address) {
  const int descriptor = ::socket(AF_UNIX, open_flags, 0);
  if (descriptor < 0) fail(errno, "socket");
  const bool connected = ::connect(descriptor, generic(address), sizeof(address)) == 0;
  const int error = connected ? 0 : errno;
  ::close(descriptor);
  return error;
}

/// Makes room at the path: only what a process that is gone has left there may be removed.
void remove_stale(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return;
    fail(errno, cannot_listen(path));
  }
  if (!S_ISSOCK(status.st_mode))
    fail(EEXIST, cannot_listen(path) + ": something else than a socket is there");
  const int met = try_connect(address);
  if (met == ENOENT) return;
  if (met != ECONNREFUSED) fail(EADDRINUSE, cannot_listen(path) + ": a process listens there");
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail(errno, cannot_listen(path));
}

int integer_option(int descriptor, int name) {
  int value = 0;
  socklen_t size = sizeof(value);
  if (::getsockopt(descriptor, SOL_SOCKET, name, &value, &size) != 0) return -1;
  return value;
}

}  // namespace

void SocketFile::remove() noexcept {
  if (!path_.empty()) ::unlink(std::exchange(path_, {}).c_str());
}

ListeningSocket ListeningSocket::on_port(const std::string& host, std::uint16_t port) {
  const std::string what = cannot_listen(host + ":" + std::to_string(port));
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error) fail(EINVAL, what);
  const asio::ip::tcp::endpoint endpoint(address, port);
  ListeningSocket listening(::socket(endpoint.protocol().family(), open_flags, IPPROTO_TCP));
  const int on = 1;
  if (listening.descriptor_ < 0 ||
      ::setsockopt(listening.descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      ::bind(listening.descriptor_, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
      ::listen(listening.descriptor_, SOMAXCONN) != 0) {
    fail(errno, what);
  }
  return listening;
}

ListeningSocket ListeningSocket::on_path(const std::filesystem::path& path) {
  const sockaddr_un address = unix_address(path);
  remove_stale(path, address);
  ListeningSocket listening(::socket(AF_UNIX, open_flags, 0));
  // The mode of the socket becomes that of its file: nobody else can connect, not even for a moment.
  if (listening.descriptor_ < 0 || ::fchmod(listening.descriptor_, owner_only) != 0 ||
      ::bind(listening.descriptor_, generic(address), sizeof(address)) != 0) {
    fail(errno, cannot_listen(path));
  }
  listening.file_ = SocketFile(path);
  if (::listen(listening.descriptor_, SOMAXCONN) != 0) fail(errno, cannot_listen(path));
  return listening;
}

ListeningSocket ListeningSocket::adopt(int descriptor) {
  ListeningSocket listening(descriptor);
  if (::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) fail(errno, "the descriptor that was handed in");
  if (integer_option(descriptor, SO_ACCEPTCONN) != 1 || integer_option(descriptor, SO_TYPE) != SOCK_STREAM) {
    fail(ENOTSOCK, "the descriptor that was handed in does not listen");
  }
  return listening;
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), file_(std::move(other.file_)) {}

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(file_, other.file_);
  return *this;
}

ListeningSocket::~ListeningSocket() {
  if (descriptor_ < 0) return;
  file_.remove();
  ::close(descriptor_);
}

int ListeningSocket::family() const { return integer_option(descriptor_, SO_DOMAIN); }

std::uint16_t ListeningSocket::port() const {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return 0;
}

ListeningSocket::Parts ListeningSocket::release() {
  return {.descriptor = std::exchange(descriptor_, -1), .file = std::move(file_)};
}

}  // namespace butler::http
