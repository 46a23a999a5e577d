#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "vm/frame.hpp"

namespace butler::vm {

/// Who opens streams with even numbers (host), and who with odd ones (guest).
enum class Side : std::uint8_t { host, guest };

/// How much a stream may have sent that its reader has not taken yet.
inline constexpr std::size_t stream_window = std::size_t{256} * 1024;
/// How much of a stream waits to be written to the wire: see Multiplexer::writable().
inline constexpr std::size_t send_buffer = std::size_t{64} * 1024;
/// How many streams the other side may have open.
inline constexpr std::size_t stream_limit = 256;
/// How many notes a stream may get in its life.
inline constexpr std::size_t note_limit = 1024;
/// How much besides data may wait for an other side that does not read.
inline constexpr std::size_t control_limit = std::size_t{4} * 1024 * 1024;

/// Something the other side did.
struct StreamEvent {
  enum class Kind : std::uint8_t {
    opened,  ///< bytes: the request
    data,    ///< bytes: at least one; to be acknowledged by consumed()
    ended,   ///< no more data will come
    note,    ///< bytes: the note
    reset,   ///< the stream is gone
    room,    ///< writable() may have grown
  };
  Kind kind = Kind::data;
  std::uint32_t stream = 0;
  std::string bytes = {};

  bool operator==(const StreamEvent&) const = default;
};

/// Many streams over one connection: bytes in, events out; calls in, bytes out. Pure: no I/O.
///
/// No stream can starve another: each has a window of its own (stream_window), and the streams that have
/// something to send take turns, a frame each. What the other side can make this one hold is bounded by the
/// constants above; who goes beyond them is in error. A stream is forgotten when both have ended it, or one
/// has reset it.
class Multiplexer {
 public:
  explicit Multiplexer(Side side) : side_(side), next_(side == Side::host ? 2 : 1) {}

  /// Takes bytes of the other side. The error is a sentence: the connection cannot go on.
  std::expected<std::vector<StreamEvent>, std::string> feed(std::string_view bytes);

  /// Opens a stream. The request is at most frame_payload_limit bytes.
  std::uint32_t open(std::string request);

  bool has(std::uint32_t stream) const { return streams_.contains(stream); }
  std::size_t size() const { return streams_.size(); }

  /// How many bytes write() takes now; 0 for a stream that is gone or that this side has ended.
  std::size_t writable(std::uint32_t stream) const;
  /// At most writable() bytes.
  void write(std::uint32_t stream, std::string_view bytes);
  /// After what was written, nothing more.
  void end(std::uint32_t stream);
  void note(std::uint32_t stream, std::string text);
  void reset(std::uint32_t stream);
  /// The reader has taken so many bytes of the data events: the other side may send as many more.
  void consumed(std::uint32_t stream, std::size_t bytes);

  bool has_output() const;
  /// The next bytes for the wire: whole frames, of which one may begin after `most` bytes at the latest.
  /// "" when there is nothing to send.
  std::string take_output(std::size_t most);

 private:
  struct Stream {
    std::size_t credit = stream_window;  ///< what the other side takes of us
    std::size_t window = stream_window;  ///< what it may still send
    std::size_t ungranted = 0;           ///< consumed, but not told yet
    std::size_t notes = 0;               ///< how many it has sent
    std::string queue = {};              ///< written, not taken yet
    bool ending = false;                 ///< end() was called
    bool end_sent = false;
    bool end_received = false;
  };

  std::expected<void, std::string> take(Frame frame, std::vector<StreamEvent>& events);
  std::expected<void, std::string> take_open(Frame frame, std::vector<StreamEvent>& events);
  std::expected<void, std::string> take_data(Stream& stream, Frame frame, std::vector<StreamEvent>& events);
  std::expected<void, std::string> take_credit(Stream& stream, const Frame& frame,
                                               std::vector<StreamEvent>& events);
  bool opened_by_us(std::uint32_t stream) const;
  bool was_open(std::uint32_t stream) const;
  bool ready(const Stream& stream) const;
  void send_turn(std::string& out);
  void forget_if_over(std::uint32_t stream);

  Side side_;
  std::uint32_t next_;
  std::uint32_t highest_of_theirs_ = 0;
  std::size_t theirs_ = 0;  ///< how many of the open ones they have opened
  FrameDecoder decoder_;
  std::map<std::uint32_t, Stream> streams_;
  std::string control_;     ///< frames that go before all data
  std::uint32_t turn_ = 0;  ///< the stream that sent last
};

}  // namespace butler::vm
