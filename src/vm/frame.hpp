#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

/// What host and guest send each other over the one serial port of a virtual machine. Pure.
namespace butler::vm {

/// What a frame says. The numbers are the wire's.
enum class FrameKind : std::uint8_t {
  open = 1,    ///< a new stream; the payload is its request (vm/message.hpp)
  data = 2,    ///< the stream's next bytes, at least one
  end = 3,     ///< the sender sends no more data on this stream
  credit = 4,  ///< the receiver of data takes so many bytes more: 4 bytes, little-endian
  reset = 5,   ///< the stream is over at once, in both directions
  note = 6,    ///< a message beside the data, not held back by credit
};

/// One frame: 12 bytes of head (kind, three zero bytes, stream, length; numbers little-endian), then the
/// payload.
struct Frame {
  FrameKind kind = FrameKind::data;
  std::uint32_t stream = 0;
  std::string payload = {};

  bool operator==(const Frame&) const = default;
};

inline constexpr std::size_t frame_head_size = 12;
/// The longest payload. A longer one ends the connection.
inline constexpr std::size_t frame_payload_limit = 65'536;

/// The frame's bytes. The payload must not be over the limit.
std::string encode(const Frame& frame);

/// A credit frame's payload.
std::string encode_credit(std::uint32_t bytes);
/// nullopt when these are not four bytes.
std::optional<std::uint32_t> decode_credit(std::string_view payload);

/// Bytes in, frames out. Holds at most one incomplete frame and what was fed last.
class FrameDecoder {
 public:
  /// Adds bytes of the other side.
  void feed(std::string_view bytes);

  /// The next whole frame, or nullopt when more bytes are needed. The error is a sentence: the bytes are no
  /// frames, and the connection cannot go on. It stays.
  std::expected<std::optional<Frame>, std::string> next();

 private:
  std::string pending_;
  std::size_t read_ = 0;  ///< how much of pending_ has become frames
};

}  // namespace butler::vm
