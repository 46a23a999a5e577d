#include "sandbox/init/broker.hpp"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "sandbox/init/broker_calls.hpp"
#include "sandbox/init/descriptor_message.hpp"
#include "sandbox/init/exit_status.hpp"
#include "sandbox/init/fault.hpp"
#include "sandbox/init/landlock.hpp"
#include "sandbox/init/seccomp_filter.hpp"

namespace butler::sandbox {

namespace {

// Linux 6.6: the broker runs on the caller's processor, at once. Debian 12's headers do not know it.
constexpr unsigned long set_listener_flags = _IOW('!', 4, std::uint64_t);
constexpr std::uint64_t wake_synchronously = 1;

void send_descriptor(int socket, int descriptor) {
  if (!send_message(socket, std::string(1, '\0'), descriptor)) fail("the sandbox's broker is gone");
}

/// Closed when the other side has ended without a word.
Handle receive_descriptor(int socket) {
  char byte = 0;
  iovec part{.iov_base = &byte, .iov_len = 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  const cmsghdr* const header = count == 1 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return {};
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof(int));
  return Handle{descriptor};
}

class Broker {
 public:
  Broker(Handle listener, pid_t agent, const InitPlan& plan)
      : listener_(std::move(listener)),
        agent_(agent),
        grounds_(plan.folder, {.covered = plan.covered, .opened = plan.opened}, plan.writable) {
    static_cast<void>(::ioctl(listener_.get(), set_listener_flags, wake_synchronously));
  }

  /// Until the agent has ended: its exit status.
  int run(int signals) {
    std::array<pollfd, 2> ready{{{listener_.get(), POLLIN, 0}, {signals, POLLIN, 0}}};
    for (;;) {
      if (::poll(ready.data(), ready.size(), -1) < 0) continue;
      if ((ready[0].revents & POLLIN) != 0) answer_one();
      // Nobody is left who could call.
      if ((ready[0].revents & (POLLHUP | POLLERR)) != 0) ready[0].fd = -1;
      if ((ready[1].revents & POLLIN) == 0) continue;
      signalfd_siginfo ignored{};
      static_cast<void>(!::read(signals, &ignored, sizeof(ignored)));
      if (const auto status = reap()) return *status;
    }
  }

 private:
  void answer_one() {
    seccomp_notif call{};
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) return;  // it was killed meanwhile
    seccomp_notif_resp response{.id = call.id, .val = 0, .error = 0, .flags = 0};
    try {
      const Caller caller(listener_.get(), call);
      Outcome outcome = make_call(call.data.nr, caller, grounds_);
      switch (outcome.kind) {
        case Outcome::Kind::done: response.val = outcome.value; break;
        case Outcome::Kind::passed: response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE; break;
        case Outcome::Kind::handed: return hand(call, outcome);
      }
    } catch (const Refusal& refusal) {
      response.error = -refusal.error;
    } catch (const std::exception&) {
      response.error = -ENOMEM;
    }
    // The caller may be gone: then nobody waits for it.
    static_cast<void>(::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &response));
  }

  void hand(const seccomp_notif& call, const Outcome& outcome) {
    seccomp_notif_addfd file{};
    file.id = call.id;
    file.flags = SECCOMP_ADDFD_FLAG_SEND;
    file.srcfd = static_cast<std::uint32_t>(outcome.file.get());
    file.newfd_flags = outcome.close_on_exec ? O_CLOEXEC : 0;
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_ADDFD, &file) >= 0) return;
    throw Refusal{errno};
  }

  /// The agent's exit status, when it is among those that have ended.
  std::optional<int> reap() const {
    int status = 0;
    for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (ended != agent_) continue;
      return exit_status(status);
    }
    return std::nullopt;
  }

  Handle listener_;
  pid_t agent_;
  Grounds grounds_;
};

/// Nothing of the agent's stays open here: its streams end with it.
void keep_only(int descriptor) {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int stream = 0; stream <= STDERR_FILENO; ++stream) ::dup2(null, stream);
  ::close_range(STDERR_FILENO + 1, static_cast<unsigned>(descriptor) - 1, 0);
  ::close_range(static_cast<unsigned>(descriptor) + 1, ~0U, 0);
}

[[noreturn]] void be_broker(int socket, pid_t agent, const sigset_t& signals, const InitPlan& plan) {
  int status = exit_failed;
  try {
    // Before anything hostile runs: nobody looks into this process, not even one of its own rights.
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    keep_only(socket);
    const int signal_file = ::signalfd(-1, &signals, SFD_CLOEXEC);
    Handle listener = receive_descriptor(socket);
    ::close(socket);
    if (listener.get() >= 0) {
      load_system_call_filters(plan.shared_kernel_names);
      status = Broker(std::move(listener), agent, plan).run(signal_file);
    } else {
      int wait_status = 0;
      ::waitpid(agent, &wait_status, 0);  // it has said itself why it ended
    }
  } catch (const std::exception&) {
    ::kill(agent, SIGKILL);
  } catch (const Refusal&) {
    ::kill(agent, SIGKILL);
  }
  ::_exit(status);
}

}  // namespace

void begin_broker(const InitPlan& plan) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) fail("socketpair");
  // Who has lost its parent comes here, not to the supervisor: the broker has to be an ancestor of everybody
  // whose memory it reads (Yama's ptrace_scope).
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) fail("PR_SET_CHILD_SUBREAPER");
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, &before);
  const pid_t broker = ::getpid();
  const pid_t agent = ::fork();
  if (agent < 0) fail("fork");
  if (agent != 0) {
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    be_broker(ends[0], agent, children, plan);
  }
  ::close(ends[0]);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) fail("PR_SET_PDEATHSIG");
  if (::getppid() != broker) std::raise(SIGKILL);
  InitPlan narrower = plan;
  narrower.broker_readable.clear();
  restrict_by_landlock(narrower);
  const Handle listener{load_broker_filter()};
  send_descriptor(ends[1], listener.get());
  ::close(ends[1]);
}

}  // namespace butler::sandbox
