#include "cli/vm_shell.hpp"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "async/as_result.hpp"
#include "cli/exit_code.hpp"
#include "cli/vm_actions.hpp"
#include "vm/client.hpp"

namespace butler::cli {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

namespace {

using async::as_result;
constexpr std::size_t read_size = 65'536;
constexpr int signal_base = 128;

/// The terminal hands every key on while this lives.
class RawTerminal {
 public:
  RawTerminal() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios raw = before_;
    ::cfmakeraw(&raw);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }

 private:
  termios before_{};
  bool changed_ = false;
};

std::optional<vm::TerminalSize> terminal_size() {
  winsize window{};
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0 ||
      ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_row == 0 || window.ws_col == 0) {
    return std::nullopt;
  }
  return vm::TerminalSize{.rows = window.ws_row, .columns = window.ws_col};
}

vm::Command make_command(const VmShellOptions& options) {
  vm::Command command{.id = {}, .arguments = options.arguments, .working_directory = "/workspace"};
  if (command.arguments.empty()) command.arguments = {"/bin/sh"};
  const char* const terminal = std::getenv("TERM");
  command.environment = {"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/workspace",
                         std::string{"TERM="} + (terminal == nullptr ? "dumb" : terminal)};
  command.as_root = options.as_root;
  command.terminal = terminal_size();
  return command;
}

/// Waits until something can be read, or the end has come. A file cannot be waited for, and need not be.
asio::awaitable<void> wait_for_input(asio::posix::stream_descriptor& input) {
  const auto readable = asio::posix::stream_descriptor::wait_read;
  const auto [error] = co_await input.async_wait(readable, as_result);
  if (error && error != asio::error::operation_not_supported) throw boost::system::system_error(error);
}

asio::awaitable<void> send_input(vm::RunningCommand& command) {
  asio::posix::stream_descriptor input(co_await asio::this_coro::executor, ::dup(STDIN_FILENO));
  std::string bytes(read_size, '\0');
  for (;;) {
    co_await wait_for_input(input);
    const auto count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count <= 0) break;
    auto some = bytes.substr(0, static_cast<std::size_t>(count));
    if (!co_await command.write_stdin(std::move(some))) break;
  }
  command.close_stdin();
  // The command goes on without input; this task ends with it.
  asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await never.async_wait(as_result);
}

void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw std::system_error(errno, std::generic_category(), "the output cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

asio::awaitable<void> show_output(vm::RunningCommand& command) {
  for (;;) {
    const auto bytes = co_await command.read_stdout();
    if (bytes.empty()) co_return;
    write_all(STDOUT_FILENO, bytes);
  }
}

asio::awaitable<void> show_errors(vm::RunningCommand& command) {
  for (;;) {
    const auto bytes = co_await command.read_stderr();
    if (bytes.empty()) co_return;
    write_all(STDERR_FILENO, bytes);
  }
}

asio::awaitable<void> hand_signals_on(vm::RunningCommand& command) {
  asio::signal_set signals(co_await asio::this_coro::executor, SIGINT, SIGTERM);
  for (;;) {
    const auto number = co_await signals.async_wait(asio::use_awaitable);
    command.signal(number);
  }
}

using Ended = std::expected<process::ExitStatus, std::string>;

asio::awaitable<Ended> show_until_end(vm::RunningCommand& command) {
  co_return co_await (command.wait() && show_output(command) && show_errors(command));
}

int exit_status_of(const Ended& ended) {
  if (!ended) return report_vm_problem(ended.error());
  return ended->code ? *ended->code : signal_base + ended->signal.value_or(0);
}

asio::awaitable<int> run_in(vm::Client& client, vm::Command command) {
  std::optional<RawTerminal> raw;
  if (command.terminal) raw.emplace();
  auto running = client.run(std::move(command));
  auto first = co_await (show_until_end(running) || send_input(running) || hand_signals_on(running));
  raw.reset();
  if (first.index() != 0) co_return exit_failure;
  co_return exit_status_of(std::get<0>(first));
}

asio::awaitable<int> run_shell(std::filesystem::path socket, vm::Command command) {
  const auto client = co_await vm::Client::connect(std::move(socket));
  if (!client) co_return report_vm_problem("no machine runs: butler vm start starts it");
  const auto status = co_await run_in(*client, std::move(command));
  co_await client->close();
  co_return status;
}

}  // namespace

int run_vm_shell(const VmShellOptions& options) {
  const auto store = open_machine_store();
  std::signal(SIGPIPE, SIG_IGN);
  return run_vm_action(run_shell(store.socket(), make_command(options)));
}

}  // namespace butler::cli
