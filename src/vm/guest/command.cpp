#include "vm/guest/command.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <utility>
#include <vector>

namespace butler::vm::guest {

namespace {

struct Pipe {
  int read_end = -1;
  int write_end = -1;
};

bool open_pipe(Pipe& pipe) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  pipe = {.read_end = ends[0], .write_end = ends[1]};
  return true;
}

void close_all(std::initializer_list<int> descriptors) {
  for (const int descriptor : descriptors) {
    if (descriptor >= 0) ::close(descriptor);
  }
}

/// What of us goes to the child (`theirs`), and what stays.
struct Plumbing {
  std::array<int, 3> theirs{-1, -1, -1};
  StartedCommand ours;
};

Outcome make_terminal(const TerminalSize& size, Plumbing& plumbing) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || ::unlockpt(master) != 0) return failure("cannot make a terminal");
  std::array<char, 64> name{};
  if (::ptsname_r(master, name.data(), name.size()) != 0) return failure("cannot name the terminal");
  const int slave = ::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) return failure("cannot open the terminal");
  if (::fchown(slave, agent_user, static_cast<gid_t>(-1)) != 0)
    return failure("cannot give the terminal away");
  const winsize window{.ws_row = size.rows, .ws_col = size.columns, .ws_xpixel = 0, .ws_ypixel = 0};
  ::ioctl(slave, TIOCSWINSZ, &window);
  plumbing.theirs = {slave, slave, slave};
  plumbing.ours.input = plumbing.ours.output = master;
  return {};
}

Outcome make_pipes(bool separate_errors, Plumbing& plumbing) {
  Pipe in;
  Pipe out;
  Pipe errors;
  if (!open_pipe(in) || !open_pipe(out) || (separate_errors && !open_pipe(errors))) {
    return failure("cannot make pipes");
  }
  plumbing.theirs = {in.read_end, out.write_end, separate_errors ? errors.write_end : out.write_end};
  plumbing.ours.input = in.write_end;
  plumbing.ours.output = out.read_end;
  plumbing.ours.errors = errors.read_end;
  return {};
}

/// What the child could not do, and errno's reason; read by the parent.
struct ChildFault {
  std::array<char, 32> what{};
  int reason = 0;
};

[[noreturn]] void give_up(int report, const char* what) {
  ChildFault fault{.reason = errno};
  std::strncpy(fault.what.data(), what, fault.what.size() - 1);
  const auto ignored = ::write(report, &fault, sizeof(fault));
  ::_exit(ignored > 0 ? 127 : 126);
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// The guest's user, who has no way to more rights.
void become_agent(int report) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up(report, "cannot give up new privileges");
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) give_up(report, "cannot limit its dumps");
  if (::geteuid() != 0) return;
  if (::setgroups(0, nullptr) != 0 || ::setresgid(agent_user, agent_user, agent_user) != 0 ||
      ::setresuid(agent_user, agent_user, agent_user) != 0) {
    give_up(report, "cannot become the user agent");
  }
}

[[noreturn]] void run_child(const RunRequest& request, const std::array<int, 3>& descriptors, int report) {
  ::setsid();
  for (int target = 0; target < 3; ++target) {
    if (::dup2(descriptors[static_cast<std::size_t>(target)], target) < 0) give_up(report, "cannot plug in");
  }
  if (request.terminal) ::ioctl(STDIN_FILENO, TIOCSCTTY, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  if (!request.as_root) become_agent(report);
  if (::chdir(request.working_directory.c_str()) != 0) give_up(report, "cannot enter its folder");
  auto environment = pointers_to(request.environment);
  auto arguments = pointers_to(request.arguments);
  ::environ = environment.data();
  ::execvp(arguments[0], arguments.data());
  give_up(report, "cannot run it");
}

void make_non_blocking(int descriptor) {
  if (descriptor >= 0) ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

}  // namespace

std::expected<StartedCommand, std::string> start_command(const RunRequest& request, bool separate_errors) {
  Plumbing plumbing;
  const auto made =
      request.terminal ? make_terminal(*request.terminal, plumbing) : make_pipes(separate_errors, plumbing);
  if (!made) return std::unexpected(made.error());
  Pipe report;
  if (!open_pipe(report)) return failure("cannot make a pipe");

  const pid_t child = ::fork();
  if (child == 0) run_child(request, plumbing.theirs, report.write_end);
  close_all({report.write_end, plumbing.theirs[0]});
  if (!request.terminal) {
    ::close(plumbing.theirs[1]);
    if (separate_errors) ::close(plumbing.theirs[2]);
  }
  ChildFault fault;
  // Closed without a word by the child's exec.
  const bool failed = child < 0 || ::read(report.read_end, &fault, sizeof(fault)) == sizeof(fault);
  ::close(report.read_end);
  if (failed) {
    close_all({plumbing.ours.output, plumbing.ours.errors});
    if (!request.terminal) ::close(plumbing.ours.input);
    if (child > 0) ::waitpid(child, nullptr, 0);
    const auto what = child < 0 ? std::string{"cannot fork"} : std::string{fault.what.data()};
    return std::unexpected(request.arguments[0] + ": " + what + ": " +
                           std::strerror(child < 0 ? errno : fault.reason));
  }
  plumbing.ours.pid = child;
  for (const int descriptor : {plumbing.ours.input, plumbing.ours.output, plumbing.ours.errors}) {
    make_non_blocking(descriptor);
  }
  return plumbing.ours;
}

}  // namespace butler::vm::guest
