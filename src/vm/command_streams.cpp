#include "vm/command_streams.hpp"

#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <string>

#include "async/as_result.hpp"
#include "files/whole_file.hpp"

namespace butler::vm {

namespace asio = boost::asio;

namespace {

constexpr std::size_t input_piece = 65'536;

/// Waits until something can be read, or the end has come. A file cannot be waited for, and need not be.
asio::awaitable<void> wait_for_input(asio::posix::stream_descriptor& input) {
  const auto readable = asio::posix::stream_descriptor::wait_read;
  const auto [error] = co_await input.async_wait(readable, async::as_result);
  if (error && error != asio::error::operation_not_supported) throw boost::system::system_error(error);
}

}  // namespace

asio::awaitable<void> send_input(RunningCommand& command) {
  asio::posix::stream_descriptor input(co_await asio::this_coro::executor, ::dup(STDIN_FILENO));
  std::string bytes(input_piece, '\0');
  for (;;) {
    co_await wait_for_input(input);
    const auto count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count <= 0) break;
    auto some = bytes.substr(0, static_cast<std::size_t>(count));
    if (!co_await command.write_stdin(std::move(some))) break;
  }
  command.close_stdin();
}

asio::awaitable<void> show_output(RunningCommand& command) {
  for (;;) {
    const auto bytes = co_await command.read_stdout();
    if (bytes.empty()) co_return;
    write_out(STDOUT_FILENO, bytes);
  }
}

asio::awaitable<void> show_errors(RunningCommand& command) {
  for (;;) {
    const auto bytes = co_await command.read_stderr();
    if (bytes.empty()) co_return;
    write_out(STDERR_FILENO, bytes);
  }
}

asio::awaitable<void> hand_signals_on(RunningCommand& command, std::vector<int> signals) {
  asio::signal_set wanted(co_await asio::this_coro::executor);
  for (const int number : signals) wanted.add(number);
  for (;;) {
    const auto number = co_await wanted.async_wait(asio::use_awaitable);
    command.signal(number);
  }
}

void write_out(int descriptor, std::string_view bytes) {
  files::write_all(descriptor, bytes, "the output cannot be written");
}

}  // namespace butler::vm
