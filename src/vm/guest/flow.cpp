#include "vm/guest/flow.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace butler::vm::guest {

namespace {

constexpr std::size_t stream_read_size = 16'384;

bool try_again() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

Flow::Flow(Flow&& other) noexcept
    : hold_end(other.hold_end),
      source_(std::exchange(other.source_, -1)),
      sink_(std::exchange(other.sink_, -1)),
      pending_(std::move(other.pending_)),
      finished_(other.finished_) {}

Flow::~Flow() {
  close_source();
  if (sink_ >= 0) ::close(sink_);
}

void Flow::close_source() {
  if (source_ >= 0 && source_ != sink_) ::close(source_);
  source_ = -1;
}

/// A socket stays open for its other direction.
void Flow::close_sink() {
  if (sink_ >= 0 && sink_ == source_) ::shutdown(sink_, SHUT_WR);
  if (sink_ >= 0 && sink_ != source_) ::close(sink_);
  sink_ = -1;
}

void Flow::read(Multiplexer& streams, std::uint32_t stream) {
  std::array<char, stream_read_size> bytes{};
  const auto most = std::min(bytes.size(), streams.writable(stream));
  if (source_ < 0 || most == 0) return;
  const auto count = ::read(source_, bytes.data(), most);
  if (count > 0) return streams.write(stream, {bytes.data(), static_cast<std::size_t>(count)});
  if (count < 0 && try_again()) return;
  close_source();  // its end; a terminal whose last user has gone says EIO
  if (!hold_end) streams.end(stream);
}

void Flow::take(std::string bytes, Multiplexer& streams, std::uint32_t stream) {
  pending_ += bytes;
  write(streams, stream);
}

void Flow::finish() {
  finished_ = true;
  if (pending_.empty()) close_sink();
}

void Flow::write(Multiplexer& streams, std::uint32_t stream) {
  while (!pending_.empty() && sink_ >= 0) {
    const auto count = ::write(sink_, pending_.data(), pending_.size());
    if (count < 0 && try_again()) return;
    if (count < 0) {
      close_sink();
      break;
    }
    streams.consumed(stream, static_cast<std::size_t>(count));
    pending_.erase(0, static_cast<std::size_t>(count));
  }
  if (sink_ < 0) streams.consumed(stream, std::exchange(pending_, {}).size());  // nobody reads it
  if (finished_) close_sink();
}

}  // namespace butler::vm::guest
