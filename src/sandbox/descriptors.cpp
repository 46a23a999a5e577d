#include "sandbox/descriptors.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "files/throw_errno.hpp"

namespace butler::sandbox {

namespace {

constexpr std::size_t longest_message = 8'192;

void take_control(msghdr& header, Message& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET) continue;
    if (part->cmsg_type == SCM_RIGHTS) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part), sizeof(fd));
      message.descriptor = Descriptor{fd};
    } else if (part->cmsg_type == SCM_CREDENTIALS) {
      ucred sender{};
      std::memcpy(&sender, CMSG_DATA(part), sizeof(sender));
      message.sender = sender.pid;
    }
  }
}

}  // namespace

Descriptor memory_file(std::string_view content) {
  Descriptor file{::memfd_create("butler-sandbox", MFD_CLOEXEC)};
  if (file.get() < 0) files::throw_errno("memfd_create");
  while (!content.empty()) {
    const ssize_t count = ::write(file.get(), content.data(), content.size());
    if (count < 0) files::throw_errno("a file in memory");
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) files::throw_errno("a file in memory");
  return file;
}

Pair control_sockets() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    files::throw_errno("socketpair");
  Pair pair{.ours = Descriptor{ends[0]}, .theirs = Descriptor{ends[1]}};
  const int on = 1;
  if (::setsockopt(pair.ours.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0)
    files::throw_errno("SO_PASSCRED");
  return pair;
}

Pair error_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) files::throw_errno("pipe2");
  Pair pair{.ours = Descriptor{ends[0]}, .theirs = Descriptor{ends[1]}};
  if (::fcntl(pair.ours.get(), F_SETFL, O_NONBLOCK) != 0) files::throw_errno("fcntl");
  return pair;
}

std::expected<Message, std::string> receive(int socket, std::chrono::steady_clock::time_point deadline) {
  pollfd waiting{.fd = socket, .events = POLLIN, .revents = 0};
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    const int ready = left <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(left));
    if (ready > 0) break;
    if (ready == 0) return std::unexpected(std::string{"it did not begin in time"});
    if (errno != EINTR) files::throw_errno("poll");
  }
  Message message{.text = std::string(longest_message, '\0'), .descriptor = {}};
  iovec part{.iov_base = message.text.data(), .iov_len = message.text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(ucred))> control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t count = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  if (count < 0 && errno != ECONNRESET) files::throw_errno("recvmsg");
  message.text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  take_control(header, message);
  return message;
}

std::string read_available(int fd) {
  std::string text(longest_message, '\0');
  const ssize_t count = ::read(fd, text.data(), text.size());
  text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace butler::sandbox
