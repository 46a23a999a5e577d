#include "process/child_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include "files/descriptor.hpp"
#include "files/throw_errno.hpp"
#include "process/process_tree.hpp"
#include "process/program_lookup.hpp"

namespace butler::process {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

namespace {

constexpr std::size_t read_size = 65'536;

struct Pipe {
  files::Descriptor read_end;
  files::Descriptor write_end;
};

/// Both ends above 2: were our own 0 to 2 closed, an end there would be overwritten by the child's dup2
/// calls.
files::Descriptor above_standard(files::Descriptor fd) {
  if (fd.get() > STDERR_FILENO) return fd;
  const int moved = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (moved < 0) files::throw_errno("fcntl");
  return files::Descriptor{moved};
}

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) files::throw_errno("pipe2");
  files::Descriptor read_end{ends[0]};
  files::Descriptor write_end{ends[1]};
  return Pipe{.read_end = above_standard(std::move(read_end)),
              .write_end = above_standard(std::move(write_end))};
}

/// What posix_spawn is told about descriptors and the working directory.
class FileActions {
 public:
  FileActions() { check(posix_spawn_file_actions_init(&actions_)); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }

  void duplicate(int from, int to) { check(posix_spawn_file_actions_adddup2(&actions_, from, to)); }
  void open_null(int fd) { check(posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", O_RDONLY, 0)); }
  void change_directory(const std::string& path) {
    check(posix_spawn_file_actions_addchdir_np(&actions_, path.c_str()));
  }
  void close_from(int fd) { check(posix_spawn_file_actions_addclosefrom_np(&actions_, fd)); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  static void check(int error) {
    if (error != 0) throw std::system_error(error, std::generic_category(), "posix_spawn_file_actions");
  }
  posix_spawn_file_actions_t actions_{};
};

struct Streams {
  Pipe in;
  Pipe out;
  Pipe err;
};

Streams redirect(const SpawnOptions& options, FileActions& actions) {
  Streams streams;
  if (options.stdin_mode == Stdin::pipe) {
    streams.in = make_pipe();
    actions.duplicate(streams.in.read_end.get(), STDIN_FILENO);
  } else if (options.stdin_mode == Stdin::null) {
    actions.open_null(STDIN_FILENO);
  }
  if (options.stdout_mode == Stdout::pipe) {
    streams.out = make_pipe();
    actions.duplicate(streams.out.write_end.get(), STDOUT_FILENO);
  }
  if (options.stderr_mode == Stderr::pipe) {
    streams.err = make_pipe();
    actions.duplicate(streams.err.write_end.get(), STDERR_FILENO);
  } else if (options.stderr_mode == Stderr::merged_into_stdout) {
    actions.duplicate(STDOUT_FILENO, STDERR_FILENO);
  }
  return streams;
}

/// Gives the child these descriptors from 3 on, and no other beside its streams. The result has to live until
/// the spawn: copies above all the child's numbers, so that none is overwritten before its turn.
std::vector<files::Descriptor> hand_over(const std::vector<int>& descriptors, FileActions& actions) {
  const int first = STDERR_FILENO + 1;
  const int end = first + static_cast<int>(descriptors.size());
  std::vector<files::Descriptor> copies;
  for (const int descriptor : descriptors) {
    copies.emplace_back(::fcntl(descriptor, F_DUPFD_CLOEXEC, end));
    if (copies.back().get() < 0) files::throw_errno("fcntl");
    actions.duplicate(copies.back().get(), first + static_cast<int>(copies.size()) - 1);
  }
  actions.close_from(end);
  return copies;
}

/// A session of its own, every signal at its default and none blocked.
class Attributes {
 public:
  Attributes() {
    if (const int error = posix_spawnattr_init(&attributes_); error != 0) {
      throw std::system_error(error, std::generic_category(), "posix_spawnattr_init");
    }
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    sigdelset(&signals, SIGKILL);
    sigdelset(&signals, SIGSTOP);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

std::vector<char*> null_terminated(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (auto& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// The ended child's status, without reaping it; nullopt while it runs.
std::optional<ExitStatus> look_at(pid_t pid, int flags) {
  siginfo_t info{};
  int result = 0;
  do {
    result = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | flags);
  } while (result != 0 && errno == EINTR);
  if (result != 0) files::throw_errno("waitid");
  if (info.si_pid == 0) return std::nullopt;
  if (info.si_code == CLD_EXITED) return ExitStatus{.code = info.si_status, .signal = std::nullopt};
  return ExitStatus{.code = std::nullopt, .signal = info.si_status};
}

}  // namespace

std::string ExitStatus::describe() const {
  if (code) return "exit status " + std::to_string(*code);
  if (!signal) return "unknown end";
  const char* const name = ::sigabbrev_np(*signal);
  return name != nullptr ? "killed by SIG" + std::string{name}
                         : "killed by signal " + std::to_string(*signal);
}

/// Shared with the coroutines that wait, read and write: they may outlive the ChildProcess by a turn.
class ChildProcess::State {
 public:
  State(const asio::any_io_executor& executor, pid_t child)
      : pid(child), group(child), exit(executor), in(executor), out(executor), err(executor) {}

  /// Notes the exit when it has happened.
  bool see_exit() {
    if (!status) status = look_at(pid, WNOHANG | WNOWAIT);
    return status.has_value();
  }

  void signal(int signal_number) {
    // An ended child stays a zombie, but what it led into is gone: its number may mean another group.
    if (group == pid || signal_number == SIGKILL) ::kill(-pid, signal_number);
    if (group != pid && !see_exit()) ::kill(-group, signal_number);
  }

  void end() {
    ::kill(-pid, SIGKILL);
    status = look_at(pid, 0);
    for (Descriptor* const descriptor : {&exit, &in, &out, &err}) {
      boost::system::error_code ignored;
      descriptor->close(ignored);
    }
  }

  pid_t pid;
  pid_t group;      ///< whom signals are for
  Descriptor exit;  ///< the pidfd: readable when the child has ended
  Descriptor in;
  Descriptor out;
  Descriptor err;
  std::optional<ExitStatus> status;

  static asio::awaitable<std::string> read(std::shared_ptr<State> state, Descriptor State::* stream);
  static asio::awaitable<bool> write(std::shared_ptr<State> state, std::string bytes);
  static asio::awaitable<ExitStatus> wait(std::shared_ptr<State> state);
};

asio::awaitable<std::string> ChildProcess::State::read(std::shared_ptr<State> state,
                                                       Descriptor State::* stream) {
  Descriptor& descriptor = (*state).*stream;
  if (!descriptor.is_open()) co_return std::string{};
  std::string bytes(read_size, '\0');
  const auto buffer = asio::buffer(bytes);
  const auto [error, count] =
      co_await descriptor.async_read_some(buffer, asio::as_tuple(asio::use_awaitable));
  if (error && error != asio::error::eof && descriptor.is_open()) throw boost::system::system_error(error);
  bytes.resize(error ? 0 : count);
  co_return bytes;
}

asio::awaitable<bool> ChildProcess::State::write(std::shared_ptr<State> state, std::string bytes) {
  if (!state->in.is_open()) co_return false;
  const auto buffer = asio::buffer(bytes);
  const auto [error, count] =
      co_await asio::async_write(state->in, buffer, asio::as_tuple(asio::use_awaitable));
  if (!error) co_return true;
  if (error == asio::error::broken_pipe || !state->in.is_open()) co_return false;
  throw boost::system::system_error(error);
}

asio::awaitable<ExitStatus> ChildProcess::State::wait(std::shared_ptr<State> state) {
  while (!state->see_exit()) {
    const auto readable = Descriptor::wait_read;
    const auto [error] = co_await state->exit.async_wait(readable, asio::as_tuple(asio::use_awaitable));
    if (error && !state->status) throw boost::system::system_error(error);
  }
  co_return *state->status;
}

std::expected<ChildProcess, std::string> ChildProcess::spawn(const asio::any_io_executor& executor,
                                                             const SpawnOptions& options) {
  const auto program = options.program.empty()
                           ? find_program(options.arguments, options.environment, options.working_directory)
                           : options.program.string();
  if (!program) return std::unexpected(program.error());
  std::signal(SIGPIPE, SIG_IGN);

  FileActions actions;
  Streams streams = redirect(options, actions);
  const auto handed_over = hand_over(options.descriptors, actions);
  if (!options.working_directory.empty()) actions.change_directory(options.working_directory.string());

  const Attributes attributes;
  auto arguments = options.arguments;
  auto environment = options.environment;
  const auto argv = null_terminated(arguments);
  const auto envp = null_terminated(environment);
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, program->c_str(), actions.get(), attributes.get(), argv.data(), envp.data());
  if (error != 0) {
    return std::unexpected("cannot start '" + options.arguments[0] + "' (" + *program +
                           "): " + std::generic_category().message(error));
  }

  auto state = std::make_shared<State>(executor, pid);
  ChildProcess child{state};
  // By number: glibc 2.36's <sys/pidfd.h> has no extern "C". The child is ours and not reaped, so the number
  // is right.
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) files::throw_errno("pidfd_open");
  state->exit.assign(pidfd);
  if (streams.in.write_end.get() >= 0) state->in.assign(streams.in.write_end.release());
  if (streams.out.read_end.get() >= 0) state->out.assign(streams.out.read_end.release());
  if (streams.err.read_end.get() >= 0) state->err.assign(streams.err.read_end.release());
  return child;
}

ChildProcess::ChildProcess(std::shared_ptr<State> state) : state_(std::move(state)) {}
ChildProcess::ChildProcess(ChildProcess&&) noexcept = default;
ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}
ChildProcess::~ChildProcess() {
  if (state_) state_->end();
}

pid_t ChildProcess::pid() const { return state_->pid; }
bool ChildProcess::running() const { return !state_->see_exit(); }

asio::awaitable<bool> ChildProcess::write_stdin(std::string bytes) {
  return State::write(state_, std::move(bytes));
}
void ChildProcess::close_stdin() {
  boost::system::error_code ignored;
  state_->in.close(ignored);
}
asio::awaitable<std::string> ChildProcess::read_stdout() { return State::read(state_, &State::out); }
asio::awaitable<std::string> ChildProcess::read_stderr() { return State::read(state_, &State::err); }
asio::awaitable<ExitStatus> ChildProcess::wait() { return State::wait(state_); }

void ChildProcess::address_group(pid_t group) { state_->group = group; }
void ChildProcess::signal_group(int signal_number) { state_->signal(signal_number); }

void ChildProcess::kill_tree() {
  // Before the group: once the child is dead, its children of other sessions have another parent.
  kill_descendants(state_->pid);
  ::kill(-state_->pid, SIGKILL);
}

}  // namespace butler::process
