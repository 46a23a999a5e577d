#include "sandbox_probe/connections.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>

#include "sandbox_probe/file_access.hpp"

namespace butler::sandbox_probe {

namespace {

constexpr int patience_ms = 1000;

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;

  const sockaddr* pointer() const { return reinterpret_cast<const sockaddr*>(&bytes); }
};

std::optional<Address> parse(const std::string& text, long port) {
  Address address;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.bytes);
  if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof *v4;
    return address;
  }
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.bytes);
  if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) != 1) return std::nullopt;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(static_cast<std::uint16_t>(port));
  address.size = sizeof *v6;
  return address;
}

Finding failed(const char* what) { return held(std::string{what} + ": " + std::strerror(errno)); }

bool becomes(int descriptor, short event) {
  pollfd wanted{descriptor, event, 0};
  return ::poll(&wanted, 1, patience_ms) == 1;
}

Finding await_connection(int connection, const std::string& name) {
  if (!becomes(connection, POLLOUT)) return held("no answer");
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(connection, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return held(std::string{"connect: "} + std::strerror(error));
  return open_door(name + " answers");
}

}  // namespace

Finding try_tcp(const std::string& address, long port, int protocol) {
  const auto parsed = parse(address, port);
  if (!parsed || port <= 0) return skipped("this machine has no such address");
  const Descriptor connection(
      ::socket(parsed->bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!connection.valid()) return failed("socket");
  if (::connect(connection.number(), parsed->pointer(), parsed->size) != 0 && errno != EINPROGRESS)
    return failed("connect");
  return await_connection(connection.number(), address);
}

Finding try_tcp_fast_open(const std::string& address, long port) {
  const auto parsed = parse(address, port);
  if (!parsed || port <= 0) return skipped("this machine has no such address");
  const Descriptor connection(
      ::socket(parsed->bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!connection.valid()) return failed("socket");
  const auto sent =
      ::sendto(connection.number(), "\n", 1, MSG_FASTOPEN | MSG_NOSIGNAL, parsed->pointer(), parsed->size);
  if (sent < 0 && errno != EINPROGRESS) return failed("sendto");
  return await_connection(connection.number(), address);
}

Finding try_udp(const std::string& address, long port) {
  const auto parsed = parse(address, port);
  if (!parsed || port <= 0) return skipped("this machine has no such address");
  const Descriptor endpoint(::socket(parsed->bytes.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!endpoint.valid()) return failed("socket");
  if (::sendto(endpoint.number(), "?", 1, 0, parsed->pointer(), parsed->size) < 0) return failed("sendto");
  char byte = 0;
  if (!becomes(endpoint.number(), POLLIN) || ::recv(endpoint.number(), &byte, 1, 0) < 0)
    return held("no answer");
  return open_door(address + " answers");
}

Finding try_unix(const std::string& name, int type) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.empty() || name.size() >= sizeof address.sun_path) return skipped("no such socket");
  std::memcpy(address.sun_path, name.data(), name.size());
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + 1);
  if (name.front() == '@') {
    address.sun_path[0] = '\0';
    size -= 1;
  }
  const Descriptor connection(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!connection.valid()) return failed("socket");
  if (::connect(connection.number(), reinterpret_cast<const sockaddr*>(&address), size) != 0)
    return failed("connect");
  return open_door(name + " can be connected to");
}

}  // namespace butler::sandbox_probe
