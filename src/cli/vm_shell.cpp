#include "cli/vm_shell.hpp"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "async/as_result.hpp"
#include "cli/exit_code.hpp"
#include "cli/vm_actions.hpp"
#include "vm/client.hpp"
#include "vm/command_streams.hpp"

namespace butler::cli {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

namespace {

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

/// The command goes on when there is no more input: this ends only by being cancelled.
asio::awaitable<void> send_input_and_stay(vm::RunningCommand& command) {
  co_await vm::send_input(command);
  asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await never.async_wait(async::as_result);
}

using Ended = std::expected<process::ExitStatus, std::string>;

asio::awaitable<Ended> show_until_end(vm::RunningCommand& command) {
  co_return co_await (command.wait() && vm::show_output(command) && vm::show_errors(command));
}

asio::awaitable<int> run_in(vm::Client& client, vm::Command command) {
  std::optional<RawTerminal> raw;
  if (command.terminal) raw.emplace();
  auto running = client.run(std::move(command));
  auto first = co_await (show_until_end(running) || send_input_and_stay(running) ||
                         vm::hand_signals_on(running, {SIGINT, SIGTERM}));
  raw.reset();
  if (first.index() != 0) co_return exit_failure;
  const Ended& ended = std::get<0>(first);
  co_return ended ? ended->number() : report_vm_problem(ended.error());
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
