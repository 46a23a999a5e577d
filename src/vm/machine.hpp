#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "process/child_process.hpp"
#include "vm/channel.hpp"
#include "vm/qemu_command.hpp"

namespace butler::vm {

/// A command for the guest. Its id is given by run().
using Command = RunRequest;

/// A command that runs in the guest. Copies mean the same command.
class RunningCommand {
 public:
  RunningCommand(Stream main, Stream errors) : main_(std::move(main)), errors_(std::move(errors)) {}

  /// The next bytes, or "" at the end. What is not read holds the command up.
  boost::asio::awaitable<std::string> read_stdout() { return main_.read(); }
  boost::asio::awaitable<std::string> read_stderr() { return errors_.read(); }
  /// False when the command takes no more.
  boost::asio::awaitable<bool> write_stdin(std::string bytes) { return main_.write(std::move(bytes)); }
  void close_stdin() { main_.end(); }

  /// How it ended; an error when it never started, or the machine has gone. To be called once.
  boost::asio::awaitable<std::expected<process::ExitStatus, std::string>> wait();
  /// A signal for the command's process group.
  void signal(int number);
  /// SIGKILL, and nothing of it is heard any more.
  void kill();

 private:
  Stream main_;
  Stream errors_;
};

struct MachineOptions {
  std::filesystem::path folder;  ///< this machine's own: its sockets are made there, QEMU runs in it
  Hardware hardware;
  std::string workspace = "/workspace";  ///< where the guest mounts its disk
  /// A state that save() has written for the same hardware and image: the guest goes on from there.
  std::optional<std::filesystem::path> snapshot = std::nullopt;
  std::chrono::seconds boot_limit{60};
};

/// A running virtual machine: QEMU as our child, which dies with us, and the guest's agent in it. One thread.
class Machine {
 public:
  /// Starts QEMU and waits until the guest's agent answers. The error is a sentence, with the guest's console
  /// when it did not come up.
  static boost::asio::awaitable<std::expected<std::unique_ptr<Machine>, std::string>> start(
      MachineOptions options);
  /// Kills QEMU when it still runs.
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  /// Gives the guest fresh randomness and the time, and has it mount its disks. Once, before run().
  boost::asio::awaitable<std::expected<void, std::string>> prepare();

  /// Starts a command.
  RunningCommand run(Command command);
  /// Hands on a request of another channel (the machine's own socket): a stream of the guest.
  Stream open(std::string request);

  /// The next connection that somebody in the guest has made to 127.0.0.1:3128; nullopt when the machine has
  /// gone. Whoever does not serve it resets it.
  boost::asio::awaitable<std::optional<Stream>> accept_connection();

  /// Writes the machine's state to a file; it does not run afterwards. Before prepare(), so that the state
  /// holds nothing of anybody's.
  boost::asio::awaitable<std::expected<void, std::string>> save(std::filesystem::path file);

  /// Waits until the machine is off or has failed; returns why.
  boost::asio::awaitable<std::string> wait();
  /// Asks the guest to switch itself off; after `grace`, ends QEMU.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds grace);

  pid_t pid() const;

 private:
  class State;
  explicit Machine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Accepts the machine's connections until it has gone: each becomes a connection to the unix socket
/// `services`, where an http::Server listens; without one they are closed.
boost::asio::awaitable<void> serve_connections(Machine& machine, std::filesystem::path services);

}  // namespace butler::vm
