#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>

#include "http/types.hpp"

/// Heads of messages as text. Framing (content-length, transfer-encoding, connection, and a request's host)
/// is decided here: fields of these names in the message are left out. Line breaks in values become spaces.
namespace butler::http {

/// A body of at most so many bytes goes out in one write with its head; copying more costs more than a second
/// write.
inline constexpr std::size_t joined_body = std::size_t{16} * 1024;

/// How a response's body ends.
enum class Framing : std::uint8_t {
  length,   ///< content-length
  chunked,  ///< the last chunk
  close,    ///< the end of the connection
};

/// What the client is told of the connection's future.
enum class ConnectionField : std::uint8_t {
  none,        ///< HTTP/1.1 and kept
  keep_alive,  ///< HTTP/1.0 and kept
  close,
};

/// False for statuses whose responses end with their head: 204 and 304.
bool may_have_body(int status);

/// True when the application wants the connection closed after this response.
bool asks_to_close(const Response& response);

/// Status line and fields up to the empty line. No framing without a body.
std::string response_head_text(const Response& response, Framing framing, ConnectionField connection);

/// Request line and fields; the error says why the request cannot be one.
std::expected<std::string, std::string> request_head_text(const Url& base, const Request& request);

}  // namespace butler::http
