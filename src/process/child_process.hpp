#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace butler::process {

enum class Stdin : std::uint8_t { pipe, null, inherited };
enum class Stdout : std::uint8_t { pipe, inherited };
enum class Stderr : std::uint8_t { pipe, merged_into_stdout, inherited };

struct SpawnOptions {
  std::vector<std::string>
      arguments;  ///< arguments[0] is the program: a path, or looked up on the child's PATH
  std::vector<std::string> environment;     ///< all of it, NAME=VALUE: nothing of our own is inherited
  std::filesystem::path working_directory;  ///< empty: our own
  std::filesystem::path program =
      {};  ///< what is run under the name arguments[0]; empty: what that name finds
  Stdin stdin_mode = Stdin::pipe;
  Stdout stdout_mode = Stdout::pipe;
  Stderr stderr_mode = Stderr::pipe;
  std::vector<int> descriptors = {};  ///< of ours, which the child gets as 3, 4, and so on
};

/// How a process ended.
struct ExitStatus {
  std::optional<int> code;    ///< exit status, when it exited
  std::optional<int> signal;  ///< signal number, when it was killed

  bool success() const { return code == 0; }
  /// As a shell has it: 128 and the signal's number for what was killed.
  int number() const { return code ? *code : 128 + signal.value_or(0); }
  /// "exit status 3", "killed by SIGKILL".
  std::string describe() const;
};

/// A child process in a session (and process group) of its own, with no descriptor of ours but its pipes and
/// those it was given, and default signal dispositions. posix_spawn(3) and pidfd_open(2). One thread.
///
/// The destructor kills the group with SIGKILL and reaps the child: until then an ended child stays a zombie,
/// so that its number cannot come to mean another process. What still waits or reads then ends.
class ChildProcess {
 public:
  /// The error is a sentence that names the program and the reason. Sets SIGPIPE to be ignored in this
  /// process, as whoever writes to a child must.
  static std::expected<ChildProcess, std::string> spawn(const boost::asio::any_io_executor& executor,
                                                        const SpawnOptions& options);
  ChildProcess(ChildProcess&&) noexcept;
  ChildProcess& operator=(ChildProcess&&) noexcept;
  ~ChildProcess();

  pid_t pid() const;
  bool running() const;  ///< false once the exit was seen

  /// Writes all bytes; false when either side has closed the pipe. Not to be called twice at a time.
  boost::asio::awaitable<bool> write_stdin(std::string bytes);
  /// The child sees the end of its input, also when it was null from the start.
  void close_stdin();

  /// The next bytes (1 to 65 536), or "" at the end of the stream.
  boost::asio::awaitable<std::string> read_stdout();
  boost::asio::awaitable<std::string> read_stderr();

  /// Waits for the exit; may be called by several tasks, and again after the exit.
  boost::asio::awaitable<ExitStatus> wait();

  /// From now on signal_group() means this process group instead of the child's: that of the program for
  /// which the child is only the way in. SIGKILL goes to both.
  void address_group(pid_t group);

  /// Sends a signal to the child's process group; nothing happens when it is gone.
  void signal_group(int signal_number);

  /// SIGKILL for the group and for every descendant that can be found through /proc, whatever its session.
  /// Descendants are found through their parents: call it while the child lives, or those of other sessions
  /// are lost.
  void kill_tree();

 private:
  class State;
  explicit ChildProcess(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace butler::process
