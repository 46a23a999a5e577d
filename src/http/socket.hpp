#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <cstdint>

namespace butler::http {

/// A connection, over TCP or a unix socket.
using Socket = boost::asio::generic::stream_protocol::socket;

/// What waits on a connected, non-blocking socket.
enum class Arrived : std::uint8_t { nothing, data, end };

/// Looks without taking anything. A connection that is broken counts as ended.
Arrived peek(Socket& socket);

/// Closes without an error to look at: what can go wrong has already.
void close_quietly(Socket& socket);

}  // namespace butler::http
