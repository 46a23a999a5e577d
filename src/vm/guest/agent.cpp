#include "vm/guest/agent.hpp"

#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "vm/guest/command.hpp"

namespace butler::vm::guest {

namespace {

constexpr std::size_t message_read_size = 65'536;

/// SIGCHLD as something to poll for.
int open_child_signals() {
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, nullptr);
  return ::signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
}

CommandEnd end_of(int status) {
  if (WIFEXITED(status)) return {.code = WEXITSTATUS(status)};
  return {.signal = WTERMSIG(status)};
}

}  // namespace

std::string Agent::serve() {
  signals_ = open_child_signals();
  std::signal(SIGPIPE, SIG_IGN);
  // Tells the host that the guest has booted; then this stream is over on both sides.
  streams_.end(streams_.open(encode_kind(ready_kind)));
  while (!over_) {
    wait();
    auto outcome = read_port();
    reap();
    accept_connections();
    move_flows();
    if (outcome) outcome = write_port();
    if (!outcome) over_ = outcome.error();
  }
  while (!commands_.empty()) {
    ::kill(-commands_.back().pid, SIGKILL);
    commands_.pop_back();
  }
  return *over_;
}

/// Until there is something to do for any descriptor.
void Agent::wait() {
  polled_.clear();
  const auto poll_for = [this](int descriptor, bool reading, bool writing) {
    const auto events = static_cast<short>((reading ? POLLIN : 0) | (writing ? POLLOUT : 0));
    if (descriptor >= 0 && events != 0) polled_.push_back({.fd = descriptor, .events = events, .revents = 0});
  };
  poll_for(options_.port, true, !unsent_.empty() || streams_.has_output());
  poll_for(signals_, true, false);
  poll_for(options_.listener, streams_.size() < stream_limit, false);
  for (const auto& [stream, flow] : flows_) {
    poll_for(flow.source(), streams_.writable(stream) > 0, false);
    poll_for(flow.sink(), false, flow.wants_to_write());
  }
  ::poll(polled_.data(), polled_.size(), -1);
}

Outcome Agent::read_port() {
  std::array<char, message_read_size> bytes{};
  const auto count = ::read(options_.port, bytes.data(), bytes.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (count <= 0) return std::unexpected("the host has closed the connection");
  auto events = streams_.feed({bytes.data(), static_cast<std::size_t>(count)});
  if (!events) return std::unexpected(events.error());
  for (auto& event : *events) handle(std::move(event));
  return {};
}

Outcome Agent::write_port() {
  for (;;) {
    if (unsent_.empty()) unsent_ = streams_.take_output(message_read_size);
    if (unsent_.empty()) return {};
    const auto count = ::write(options_.port, unsent_.data(), unsent_.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    if (count < 0) return std::unexpected("the host has closed the connection");
    unsent_.erase(0, static_cast<std::size_t>(count));
  }
}

void Agent::handle(StreamEvent event) {
  using enum StreamEvent::Kind;
  const auto flow = flows_.find(event.stream);
  switch (event.kind) {
    case opened: return handle_request(event.stream, event.bytes);
    case note: return handle_note(event.stream, event.bytes);
    case data:
      if (flow != flows_.end()) flow->second.take(std::move(event.bytes), streams_, event.stream);
      return;
    case ended:
      if (flow != flows_.end()) flow->second.finish();
      return;
    case reset:
      kill_command(event.stream, SIGKILL);
      if (flow != flows_.end()) flows_.erase(flow);
      std::erase_if(error_streams_, [&](const auto& entry) { return entry.second == event.stream; });
      return;
    case room: return;
  }
}

void Agent::handle_request(std::uint32_t stream, const std::string& request) {
  const auto message = decode_message(request).value_or(Message{});
  const auto kind = find_field(message, kind_field);
  if (kind == prepare_kind) return prepare(stream, message);
  if (kind == run_kind) return run(stream, message);
  if (kind == power_off_kind) {
    over_ = "the host asked to power off";
    return;
  }
  const auto errors = kind == errors_kind ? read_errors(message) : std::nullopt;
  if (!errors) return streams_.reset(stream);
  error_streams_[errors->id] = stream;
}

void Agent::handle_note(std::uint32_t stream, const std::string& note) {
  const auto message = decode_message(note).value_or(Message{});
  if (const auto signal = read_signal(message)) kill_command(stream, signal->number);
}

void Agent::prepare(std::uint32_t stream, const Message& message) {
  const auto request = read_prepare(message);
  Outcome outcome = std::unexpected("the request to prepare is not complete");
  if (prepared_) outcome = std::unexpected("the guest is prepared already");
  if (request && !prepared_) outcome = options_.prepare(*request);
  prepared_ = prepared_ || outcome.has_value();
  streams_.note(stream, encode(outcome ? Answer{} : Answer{.error = outcome.error()}));
  streams_.end(stream);
}

void Agent::run(std::uint32_t stream, const Message& message) {
  const auto request = read_run(message);
  if (!request || !prepared_) {
    return end_command(stream,
                       {.error = request ? "the guest is not prepared" : "the request is not complete"});
  }
  const auto errors = error_streams_.find(request->id);
  const auto error_stream = errors == error_streams_.end() ? 0 : errors->second;
  if (errors != error_streams_.end()) error_streams_.erase(errors);
  const auto started = start_command(*request, error_stream != 0);
  if (!started) {
    if (error_stream != 0) streams_.end(error_stream);
    return end_command(stream, {.error = started.error()});
  }
  commands_.push_back({.pid = started->pid, .stream = stream});
  flows_.try_emplace(stream, started->output, started->input).first->second.hold_end = true;
  if (error_stream != 0) flows_.try_emplace(error_stream, started->errors, -1);
}

void Agent::accept_connections() {
  while (options_.listener >= 0 && streams_.size() < stream_limit) {
    const int connection = ::accept4(options_.listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection < 0) return;
    flows_.try_emplace(streams_.open(encode_kind(connect_kind)), connection, connection);
  }
}

void Agent::move_flows() {
  for (auto entry = flows_.begin(); entry != flows_.end();) {
    auto& [stream, flow] = *entry;
    flow.read(streams_, stream);
    flow.write(streams_, stream);
    // The stream may be over while its last bytes still wait for a slow reader.
    const bool over = !streams_.has(stream) && !flow.wants_to_write();
    entry = over ? flows_.erase(entry) : std::next(entry);
  }
}

void Agent::reap() {
  std::array<signalfd_siginfo, 16> seen{};
  while (::read(signals_, seen.data(), sizeof(seen)) > 0) {
  }
  // As the first process it inherits orphans, too.
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto found = std::ranges::find(commands_, pid, &Command::pid);
    if (found == commands_.end()) continue;
    const auto stream = found->stream;
    commands_.erase(found);
    end_command(stream, end_of(status));
  }
}

/// The end is noted before the stream can end.
void Agent::end_command(std::uint32_t stream, const CommandEnd& end) {
  streams_.note(stream, encode(end));
  const auto flow = flows_.find(stream);
  if (flow == flows_.end()) return streams_.end(stream);
  flow->second.hold_end = false;
  if (flow->second.source() < 0) streams_.end(stream);
}

void Agent::kill_command(std::uint32_t stream, int signal_number) {
  const auto found = std::ranges::find(commands_, stream, &Command::stream);
  if (found != commands_.end()) ::kill(-found->pid, signal_number);
}

}  // namespace butler::vm::guest
