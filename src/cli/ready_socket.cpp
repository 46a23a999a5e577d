#include "cli/ready_socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>

#include "process/role.hpp"

namespace butler::cli {

namespace asio = boost::asio;

namespace {

int open_socket(const std::string& address) {
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "socket");
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path + 1, address.data() + 1, address.size() - 1);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  const int on = 1;
  if (::setsockopt(descriptor, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0 ||
      ::bind(descriptor, reinterpret_cast<const sockaddr*>(&name), length) != 0) {
    const int reason = errno;
    ::close(descriptor);
    throw std::system_error(reason, std::generic_category(), "notify socket");
  }
  return descriptor;
}

struct Message {
  std::string text;
  pid_t sender = 0;
};

/// One datagram, without waiting; nullopt when there is none.
std::optional<Message> receive_message(int descriptor) {
  std::array<char, 4'096> text{};
  iovec part{.iov_base = text.data(), .iov_len = text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const auto size = ::recvmsg(descriptor, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 0) return std::nullopt;
  Message message{.text = std::string(text.data(), static_cast<std::size_t>(size))};
  const cmsghdr* const first = CMSG_FIRSTHDR(&header);
  if (first != nullptr && first->cmsg_level == SOL_SOCKET && first->cmsg_type == SCM_CREDENTIALS) {
    ucred credentials{};
    std::memcpy(&credentials, CMSG_DATA(first), sizeof(credentials));
    message.sender = credentials.pid;
  }
  return message;
}

bool says_ready(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (text.substr(0, end) == "READY=1") return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

}  // namespace

ReadySocket::ReadySocket(const asio::any_io_executor& executor)
    : address_("@butler-" + std::to_string(::getpid()) + "-" + process::random_hex(8)),
      socket_(executor, open_socket(address_)) {}

asio::awaitable<pid_t> ReadySocket::receive() {
  for (;;) {
    while (const auto message = receive_message(socket_.native_handle())) {
      if (says_ready(message->text)) co_return message->sender;
    }
    const auto readable = asio::posix::stream_descriptor::wait_read;
    co_await socket_.async_wait(readable, asio::use_awaitable);
  }
}

}  // namespace butler::cli
