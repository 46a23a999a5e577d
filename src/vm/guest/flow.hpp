#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vm/multiplexer.hpp"

namespace butler::vm::guest {

/// The local ends of one stream: what is read from `source` goes to the host, what the host sends goes into
/// `sink`. Both are non-blocking, and owned; they may be the same descriptor.
class Flow {
 public:
  Flow(int source, int sink) : source_(source), sink_(sink) {}
  Flow(Flow&& other) noexcept;
  Flow& operator=(Flow&&) = delete;
  ~Flow();

  int source() const { return source_; }  ///< -1 at its end
  int sink() const { return sink_; }      ///< -1 when it takes nothing more
  bool wants_to_write() const { return sink_ >= 0 && !pending_.empty(); }

  /// Reads what the stream takes. Ends the stream at the end of the source, unless `hold_end`.
  void read(Multiplexer& streams, std::uint32_t stream);
  /// The host's bytes.
  void take(std::string bytes, Multiplexer& streams, std::uint32_t stream);
  /// The host sends nothing more.
  void finish();
  /// Writes what waits.
  void write(Multiplexer& streams, std::uint32_t stream);

  /// While set, the stream is not ended by the end of the source: something is still to be noted on it.
  bool hold_end = false;

 private:
  void close_source();
  void close_sink();

  int source_;
  int sink_;
  std::string pending_;  ///< from the host, at most stream_window
  bool finished_ = false;
};

}  // namespace butler::vm::guest
