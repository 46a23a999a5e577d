#pragma once

#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string>

namespace butler::sandbox {

/// One message over a unix socket, with a descriptor if it is none of -1. False, with errno, when it cannot
/// be sent. unix(7), SCM_RIGHTS.
inline bool send_message(int socket, std::string text, int descriptor) {
  iovec part{.iov_base = text.data(), .iov_len = text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) >= 0;
}

}  // namespace butler::sandbox
