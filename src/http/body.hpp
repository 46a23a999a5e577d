#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http/types.hpp"

/// Bodies that are never whole in memory.
namespace butler::http {

/// Takes the body of a request as it arrives.
class BodySink {
 public:
  virtual ~BodySink() = default;

  /// Takes the next bytes; no more are read from the client before it returns. A response refuses the
  /// request: it is sent, the rest of the body is not read, and the connection is closed.
  virtual std::optional<Response> take(std::string_view bytes) = 0;
};

/// Gives a body while it is sent.
class BodySource {
 public:
  virtual ~BodySource() = default;

  /// Bytes of the whole body, also before the first read().
  virtual std::uint64_t size() const = 0;

  /// Puts the next bytes at the start of `space` and returns how many: at least one while some are left. A
  /// throw, or too few bytes, ends the connection: what was sent is no whole message.
  virtual std::size_t read(std::span<char> space) = 0;
};

/// How many bytes are read or sent at a time.
inline constexpr std::size_t body_piece = std::size_t{64} * 1024;

}  // namespace butler::http
