#include "vm/multiplexer.hpp"

#include <algorithm>
#include <utility>

namespace butler::vm {

namespace {

/// A data frame is at most this long, so that no stream's turn takes long.
constexpr std::size_t turn_size = std::size_t{16} * 1024;
/// Credit is given back in pieces of at least this many bytes.
constexpr std::size_t grant_size = stream_window / 4;

std::unexpected<std::string> fault(std::string text) { return std::unexpected(std::move(text)); }

}  // namespace

bool Multiplexer::opened_by_us(std::uint32_t stream) const {
  return (stream % 2 == 0) == (side_ == Side::host);
}

bool Multiplexer::was_open(std::uint32_t stream) const {
  return stream != 0 && (opened_by_us(stream) ? stream < next_ : stream <= highest_of_theirs_);
}

std::expected<std::vector<StreamEvent>, std::string> Multiplexer::feed(std::string_view bytes) {
  std::vector<StreamEvent> events;
  decoder_.feed(bytes);
  for (;;) {
    auto frame = decoder_.next();
    if (!frame) return fault(std::move(frame.error()));
    if (!*frame) return events;
    if (const auto taken = take(std::move(**frame), events); !taken) return fault(taken.error());
    if (control_.size() > control_limit) return fault("the other side asks much and reads nothing");
  }
}

std::expected<void, std::string> Multiplexer::take(Frame frame, std::vector<StreamEvent>& events) {
  using enum StreamEvent::Kind;
  if (frame.kind == FrameKind::open) return take_open(std::move(frame), events);
  if (!was_open(frame.stream)) return fault("the other side named a stream that never was");
  const auto found = streams_.find(frame.stream);
  if (found == streams_.end()) return {};  // sent before it knew that the stream is gone
  Stream& stream = found->second;
  switch (frame.kind) {
    case FrameKind::open: break;
    case FrameKind::data: return take_data(stream, std::move(frame), events);
    case FrameKind::credit: return take_credit(stream, frame, events);
    case FrameKind::note:
      if (++stream.notes > note_limit) return fault("the other side sent too many notes");
      events.push_back({.kind = note, .stream = frame.stream, .bytes = std::move(frame.payload)});
      break;
    case FrameKind::end:
      if (std::exchange(stream.end_received, true)) return fault("the other side ended a stream twice");
      events.push_back({.kind = ended, .stream = frame.stream});
      forget_if_over(frame.stream);
      break;
    case FrameKind::reset:
      if (!opened_by_us(frame.stream)) --theirs_;
      streams_.erase(found);
      events.push_back({.kind = StreamEvent::Kind::reset, .stream = frame.stream});
      break;
  }
  return {};
}

std::expected<void, std::string> Multiplexer::take_open(Frame frame, std::vector<StreamEvent>& events) {
  if (opened_by_us(frame.stream) || frame.stream <= highest_of_theirs_) {
    return fault("the other side opened a stream whose number is not its to use");
  }
  highest_of_theirs_ = frame.stream;
  if (theirs_ == stream_limit) {
    control_ += encode(Frame{.kind = FrameKind::reset, .stream = frame.stream});
    return {};
  }
  ++theirs_;
  streams_.emplace(frame.stream, Stream{});
  events.push_back(
      {.kind = StreamEvent::Kind::opened, .stream = frame.stream, .bytes = std::move(frame.payload)});
  return {};
}

std::expected<void, std::string> Multiplexer::take_data(Stream& stream, Frame frame,
                                                        std::vector<StreamEvent>& events) {
  if (frame.payload.empty() || stream.end_received) return fault("the other side sent data out of place");
  if (frame.payload.size() > stream.window) return fault("the other side sent more than it may");
  stream.window -= frame.payload.size();
  events.push_back(
      {.kind = StreamEvent::Kind::data, .stream = frame.stream, .bytes = std::move(frame.payload)});
  return {};
}

std::expected<void, std::string> Multiplexer::take_credit(Stream& stream, const Frame& frame,
                                                          std::vector<StreamEvent>& events) {
  const auto bytes = decode_credit(frame.payload);
  if (!bytes || *bytes == 0 || *bytes > stream_window - stream.credit) {
    return fault("the other side gave credit that it was not owed");
  }
  stream.credit += *bytes;
  events.push_back({.kind = StreamEvent::Kind::room, .stream = frame.stream});
  return {};
}

std::uint32_t Multiplexer::open(std::string request) {
  const auto stream = next_;
  next_ += 2;
  streams_.emplace(stream, Stream{});
  control_ += encode(Frame{.kind = FrameKind::open, .stream = stream, .payload = std::move(request)});
  return stream;
}

std::size_t Multiplexer::writable(std::uint32_t stream) const {
  const auto found = streams_.find(stream);
  if (found == streams_.end() || found->second.ending) return 0;
  const auto limit = std::min(found->second.credit, send_buffer);
  return limit - std::min(limit, found->second.queue.size());
}

void Multiplexer::write(std::uint32_t stream, std::string_view bytes) {
  const auto found = streams_.find(stream);
  if (found != streams_.end() && !found->second.ending) found->second.queue += bytes;
}

void Multiplexer::end(std::uint32_t stream) {
  const auto found = streams_.find(stream);
  if (found != streams_.end()) found->second.ending = true;
}

void Multiplexer::note(std::uint32_t stream, std::string text) {
  if (!has(stream)) return;
  control_ += encode(Frame{.kind = FrameKind::note, .stream = stream, .payload = std::move(text)});
}

void Multiplexer::reset(std::uint32_t stream) {
  if (streams_.erase(stream) == 0) return;
  if (!opened_by_us(stream)) --theirs_;
  control_ += encode(Frame{.kind = FrameKind::reset, .stream = stream});
}

void Multiplexer::consumed(std::uint32_t stream, std::size_t bytes) {
  const auto found = streams_.find(stream);
  if (found == streams_.end() || found->second.end_received) return;
  Stream& state = found->second;
  state.ungranted += bytes;
  if (state.ungranted < grant_size) return;
  state.window += state.ungranted;
  control_ += encode(Frame{.kind = FrameKind::credit,
                           .stream = stream,
                           .payload = encode_credit(static_cast<std::uint32_t>(state.ungranted))});
  state.ungranted = 0;
}

bool Multiplexer::ready(const Stream& stream) const {
  return !stream.queue.empty() || (stream.ending && !stream.end_sent);
}

bool Multiplexer::has_output() const {
  return !control_.empty() ||
         std::ranges::any_of(streams_, [this](const auto& entry) { return ready(entry.second); });
}

std::string Multiplexer::take_output(std::size_t most) {
  std::string out = std::exchange(control_, {});
  while (out.size() < most) {
    const auto before = out.size();
    send_turn(out);
    if (out.size() == before) break;
  }
  return out;
}

/// The next stream after the last one that has something to send.
void Multiplexer::send_turn(std::string& out) {
  const auto is_ready = [this](const auto& entry) { return ready(entry.second); };
  const auto start = streams_.upper_bound(turn_);
  auto found = std::find_if(start, streams_.end(), is_ready);
  if (found == streams_.end()) found = std::find_if(streams_.begin(), start, is_ready);
  if (found == streams_.end() || !ready(found->second)) return;
  turn_ = found->first;
  Stream& stream = found->second;
  if (!stream.queue.empty()) {
    const auto size = std::min(stream.queue.size(), turn_size);
    out += encode(Frame{.kind = FrameKind::data, .stream = turn_, .payload = stream.queue.substr(0, size)});
    stream.queue.erase(0, size);
    stream.credit -= size;
    return;
  }
  out += encode(Frame{.kind = FrameKind::end, .stream = turn_});
  stream.end_sent = true;
  forget_if_over(turn_);
}

void Multiplexer::forget_if_over(std::uint32_t stream) {
  const auto found = streams_.find(stream);
  if (!found->second.end_sent || !found->second.end_received) return;
  if (!opened_by_us(stream)) --theirs_;
  streams_.erase(found);
}

}  // namespace butler::vm
