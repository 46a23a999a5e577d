#include "vm/channel.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <map>
#include <utility>

#include "async/as_result.hpp"
#include "async/event.hpp"
#include "async/task_group.hpp"

namespace butler::vm {

namespace asio = boost::asio;

namespace {

using async::as_result;
constexpr std::size_t io_size = 65'536;

}  // namespace

/// What has arrived for a stream. It outlives the multiplexer's own: the end may be read later than it came.
struct LocalStream {
  LocalStream(asio::any_io_executor executor, std::uint32_t id) : number(id), arrived(std::move(executor)) {}

  std::uint32_t number;
  std::deque<std::string> data;
  std::deque<std::string> notes;
  bool ended = false;
  bool reset = false;
  bool gone = false;  ///< over in both directions
  async::Event arrived;
};

class ChannelState {
 public:
  ChannelState(http::Socket connected, Side side)
      : socket(std::move(connected)),
        streams(side),
        output(socket.get_executor()),
        room(socket.get_executor()),
        opened(socket.get_executor()) {}

  std::shared_ptr<LocalStream> add(std::uint32_t number) {
    auto local = std::make_shared<LocalStream>(socket.get_executor(), number);
    locals[number] = local;
    return local;
  }

  static asio::awaitable<std::string> run(std::shared_ptr<ChannelState> self);
  static asio::awaitable<std::string> read(std::shared_ptr<ChannelState> self);
  static asio::awaitable<void> write(std::shared_ptr<ChannelState> self);
  void handle(const std::shared_ptr<ChannelState>& self, StreamEvent event);
  void close();
  void forget_over();

  http::Socket socket;
  Multiplexer streams;
  std::map<std::uint32_t, std::shared_ptr<LocalStream>> locals;  ///< of the multiplexer's streams
  std::deque<Incoming> incoming;
  async::Event output;  ///< there may be something to send
  async::Event room;    ///< a stream may take more
  async::Event opened;  ///< the other side has opened one, or all is over
  bool over = false;
};

asio::awaitable<std::string> ChannelState::run(std::shared_ptr<ChannelState> self) {
  co_await asio::this_coro::throw_if_cancelled(false);
  async::TaskGroup writer(self->socket.get_executor());
  writer.spawn("vm.write", write(self));
  auto reason = co_await read(self);
  self->close();
  co_await writer.join();
  co_return reason;
}

asio::awaitable<std::string> ChannelState::read(std::shared_ptr<ChannelState> self) {
  std::string bytes(io_size, '\0');
  while (!self->over) {
    const auto buffer = asio::buffer(bytes);
    const auto [error, count] = co_await self->socket.async_read_some(buffer, as_result);
    if (error == asio::error::eof) co_return "the other side has closed the connection";
    if (error) co_return "the connection is broken: " + error.message();
    auto events = self->streams.feed({bytes.data(), count});
    if (!events) co_return events.error();
    for (auto& event : *events) self->handle(self, std::move(event));
    self->forget_over();  // not before all are handled: the multiplexer knows of the last already
    self->output.notify_all();
  }
  co_return "the connection was closed";
}

asio::awaitable<void> ChannelState::write(std::shared_ptr<ChannelState> self) {
  while (!self->over) {
    const auto bytes = self->streams.take_output(io_size);
    if (bytes.empty()) {
      co_await self->output.wait();
      continue;
    }
    self->room.notify_all();
    self->forget_over();
    const auto buffer = asio::buffer(bytes);
    const auto [error, count] = co_await asio::async_write(self->socket, buffer, as_result);
    if (error) co_return;  // the reader sees it, too
  }
}

void ChannelState::handle(const std::shared_ptr<ChannelState>& self, StreamEvent event) {
  using Kind = StreamEvent::Kind;
  if (event.kind == Kind::opened) {
    incoming.push_back({.stream = Stream{self, add(event.stream)},
                        .request = decode_message(event.bytes).value_or(Message{})});
    return opened.notify_all();
  }
  const auto found = locals.find(event.stream);
  if (found == locals.end()) return;
  const auto local = found->second;
  switch (event.kind) {
    case Kind::data: local->data.push_back(std::move(event.bytes)); break;
    case Kind::note: local->notes.push_back(std::move(event.bytes)); break;
    case Kind::ended: local->ended = true; break;
    case Kind::reset: local->reset = true; break;
    case Kind::opened:
    case Kind::room: break;
  }
  local->arrived.notify_all();
  room.notify_all();
}

/// Those whose last frame was just sent or received.
void ChannelState::forget_over() {
  std::erase_if(locals, [this](const auto& entry) {
    if (streams.has(entry.first)) return false;
    entry.second->gone = true;
    entry.second->arrived.notify_all();
    return true;
  });
}

void ChannelState::close() {
  if (std::exchange(over, true)) return;
  http::close_quietly(socket);
  for (const auto& [number, local] : locals) {
    local->reset = true;
    local->arrived.notify_all();
  }
  locals.clear();
  output.notify_all();
  room.notify_all();
  opened.notify_all();
}

Stream::Stream(std::shared_ptr<ChannelState> channel, std::shared_ptr<LocalStream> local)
    : channel_(std::move(channel)), local_(std::move(local)) {}

asio::awaitable<std::string> Stream::read() {
  if (!local_) co_return std::string{};
  const auto channel = channel_;
  const auto local = local_;
  while (local->data.empty() && !local->ended && !local->reset) co_await local->arrived.wait();
  if (local->data.empty()) co_return std::string{};
  auto bytes = std::move(local->data.front());
  local->data.pop_front();
  channel->streams.consumed(local->number, bytes.size());
  channel->output.notify_all();
  co_return bytes;
}

bool Stream::was_reset() const { return local_->reset; }

asio::awaitable<bool> Stream::write(std::string bytes) {
  const auto channel = channel_;
  const auto local = local_;
  std::string_view rest = bytes;
  while (!rest.empty()) {
    if (channel->over || local->reset || !channel->streams.has(local->number)) co_return false;
    const auto size = std::min(rest.size(), channel->streams.writable(local->number));
    if (size == 0) {
      co_await channel->room.wait();
      continue;
    }
    channel->streams.write(local->number, rest.substr(0, size));
    channel->output.notify_all();
    rest.remove_prefix(size);
  }
  co_return true;
}

void Stream::end() {
  channel_->streams.end(local_->number);
  channel_->output.notify_all();
}

void Stream::reset() {
  if (!local_) return;
  channel_->streams.reset(local_->number);
  channel_->locals.erase(local_->number);
  local_->reset = true;
  local_->arrived.notify_all();
  channel_->room.notify_all();
  channel_->output.notify_all();
}

void Stream::note(std::string text) {
  channel_->streams.note(local_->number, std::move(text));
  channel_->output.notify_all();
}

asio::awaitable<std::optional<std::string>> Stream::read_note() {
  const auto local = local_;
  while (local->notes.empty() && !local->gone && !local->reset) co_await local->arrived.wait();
  co_return take_note();
}

std::optional<std::string> Stream::take_note() {
  if (local_->notes.empty()) return std::nullopt;
  auto text = std::move(local_->notes.front());
  local_->notes.pop_front();
  return text;
}

Channel::Channel(http::Socket socket, Side side)
    : state_(std::make_shared<ChannelState>(std::move(socket), side)) {}

Channel::~Channel() { state_->close(); }

asio::awaitable<std::string> Channel::run() { return ChannelState::run(state_); }

void Channel::close() { state_->close(); }

Stream Channel::open(std::string request) {
  const auto number = state_->streams.open(std::move(request));
  auto local = state_->add(number);
  local->reset = state_->over;
  state_->output.notify_all();
  return Stream{state_, std::move(local)};
}

asio::awaitable<std::optional<Incoming>> Channel::accept() {
  const auto state = state_;
  while (state->incoming.empty() && !state->over) co_await state->opened.wait();
  if (state->incoming.empty()) co_return std::nullopt;
  auto first = std::move(state->incoming.front());
  state->incoming.pop_front();
  co_return first;
}

namespace {

asio::awaitable<void> carry_data(Stream from, Stream to) {
  for (;;) {
    auto bytes = co_await from.read();
    if (bytes.empty()) break;
    if (!co_await to.write(std::move(bytes))) co_return from.reset();
  }
  if (from.was_reset()) co_return to.reset();
  // What was said before the end: behind it there is nobody to say it to.
  while (auto note = from.take_note()) to.note(std::move(*note));
  to.end();
}

asio::awaitable<void> carry_notes(Stream from, Stream to) {
  while (auto note = co_await from.read_note()) to.note(std::move(*note));
}

asio::awaitable<void> carry_to_socket(Stream from, http::Socket& to) {
  boost::system::error_code ignored;
  for (;;) {
    const auto bytes = co_await from.read();
    if (bytes.empty()) break;
    const auto buffer = asio::buffer(bytes);
    const auto [error, count] = co_await asio::async_write(to, buffer, as_result);
    if (error) co_return from.reset();
  }
  if (from.was_reset()) co_return http::close_quietly(to);
  to.shutdown(http::Socket::shutdown_send, ignored);
}

asio::awaitable<void> carry_from_socket(http::Socket& from, Stream to) {
  std::string bytes(io_size, '\0');
  for (;;) {
    const auto buffer = asio::buffer(bytes);
    const auto [error, count] = co_await from.async_read_some(buffer, as_result);
    if (error == asio::error::eof) co_return to.end();
    if (error) co_return to.reset();
    auto some = bytes.substr(0, count);
    if (!co_await to.write(std::move(some))) co_return http::close_quietly(from);
  }
}

}  // namespace

asio::awaitable<void> join(Stream one, Stream other) {
  using namespace asio::experimental::awaitable_operators;
  co_await (carry_data(one, other) && carry_data(other, one) && carry_notes(one, other) &&
            carry_notes(other, one));
}

asio::awaitable<void> join(Stream stream, http::Socket socket) {
  using namespace asio::experimental::awaitable_operators;
  co_await (carry_to_socket(stream, socket) && carry_from_socket(socket, stream));
}

}  // namespace butler::vm
