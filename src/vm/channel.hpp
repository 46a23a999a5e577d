#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/socket.hpp"
#include "vm/message.hpp"
#include "vm/multiplexer.hpp"

namespace butler::vm {

class ChannelState;
struct LocalStream;

/// One stream of a channel. Copies mean the same stream. When the channel is over, so is every stream. One
/// that was made from nothing is at its end.
class Stream {
 public:
  Stream() = default;
  Stream(std::shared_ptr<ChannelState> channel, std::shared_ptr<LocalStream> local);

  /// The next bytes, or "" at the end of the stream.
  boost::asio::awaitable<std::string> read();
  /// Whether it was cut off, by either side or with the channel.
  bool was_reset() const;
  /// Hands all bytes on, as fast as the other side takes them; false when it takes no more.
  boost::asio::awaitable<bool> write(std::string bytes);
  /// Nothing more is sent; the other direction goes on.
  void end();
  /// Over at once, in both directions.
  void reset();
  void note(std::string text);
  /// The next note, or nullopt when the stream is over and none is left.
  boost::asio::awaitable<std::optional<std::string>> read_note();
  /// A note that is there already.
  std::optional<std::string> take_note();

 private:
  std::shared_ptr<ChannelState> channel_;
  std::shared_ptr<LocalStream> local_;
};

/// A stream that the other side has opened.
struct Incoming {
  Stream stream;
  Message request;  ///< empty when it was no message
};

/// Streams over a connected socket: a Multiplexer with the socket's reading and writing. Single-threaded.
class Channel {
 public:
  Channel(http::Socket socket, Side side);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel();

  /// Reads and writes until the connection is over; returns why, as a sentence. Everything else works only
  /// while this runs.
  boost::asio::awaitable<std::string> run();
  /// Ends run(), and every stream.
  void close();

  /// Opens a stream with a request (vm/message.hpp).
  Stream open(std::string request);
  /// The next stream of the other side; nullopt when the channel is over.
  boost::asio::awaitable<std::optional<Incoming>> accept();

 private:
  std::shared_ptr<ChannelState> state_;
};

/// Carries data, ends and notes between two streams, both ways, until both are over.
boost::asio::awaitable<void> join(Stream one, Stream other);

/// Carries data and ends between a stream and a socket, both ways, until both are over.
boost::asio::awaitable<void> join(Stream stream, http::Socket socket);

}  // namespace butler::vm
