#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>

namespace butler::http {

/// What waits on a connected, non-blocking socket.
enum class Arrived : std::uint8_t { nothing, data, end };

/// Looks without taking anything. A connection that is broken counts as ended.
Arrived peek(boost::asio::ip::tcp::socket& socket);

/// Closes without an error to look at: what can go wrong has already.
void close_quietly(boost::asio::ip::tcp::socket& socket);

}  // namespace butler::http
