#pragma once

#include <string>

#include "sandbox_probe/attempt.hpp"

namespace butler::sandbox_probe {

/// Open when a TCP connection to that IPv4 or IPv6 address is made within a second. `protocol`: IPPROTO_TCP
/// or another that makes such connections.
Finding try_tcp(const std::string& address, long port, int protocol = 0);
/// Likewise, by the call that connects and sends at once (MSG_FASTOPEN).
Finding try_tcp_fast_open(const std::string& address, long port);
/// Open when a datagram to that address is answered.
Finding try_udp(const std::string& address, long port);
/// Open when the unix socket can be connected to; a name that begins with '@' is an abstract one. `type` as
/// for socket(2).
Finding try_unix(const std::string& name, int type);

}  // namespace butler::sandbox_probe
