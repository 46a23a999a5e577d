#include "sandbox/init/supervise.hpp"

#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/init/enter.hpp"
#include "sandbox/init/exit_status.hpp"
#include "sandbox/init/fault.hpp"

namespace butler::sandbox {

namespace {

/// The children of this process, orphans that came to it included.
std::vector<pid_t> children() {
  std::vector<pid_t> found;
  const std::string self = std::to_string(::getpid());
  std::FILE* const file = std::fopen(("/proc/self/task/" + self + "/children").c_str(), "re");
  if (file == nullptr) fail("/proc does not show the sandbox's processes");
  pid_t pid = 0;
  while (std::fscanf(file, "%d", &pid) == 1) found.push_back(pid);
  std::fclose(file);
  return found;
}

/// Kills child after child: those of a killed one come to this process, until none is left.
void kill_all() {
  for (;;) {
    const auto left = children();
    for (const pid_t pid : left) ::kill(pid, SIGKILL);
    if (::waitpid(-1, nullptr, left.empty() ? WNOHANG : 0) < 0 && errno == ECHILD) return;
  }
}

/// Reaps until the agent has ended; its status, or nothing when this process is asked to end.
int await(pid_t agent, const sigset_t& signals) {
  for (;;) {
    int status = 0;
    pid_t ended = 0;
    while ((ended = ::waitpid(-1, &status, WNOHANG)) > 0) {
      if (ended == agent) return exit_status(status);
    }
    const int signal_number = ::sigwaitinfo(&signals, nullptr);
    if (signal_number == SIGTERM) return signal_base + SIGTERM;
  }
}

}  // namespace

int supervise(const InitPlan& plan) {
  enter_group(plan);
  leave_keyring();
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) fail("PR_SET_CHILD_SUBREAPER");
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigaddset(&signals, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  // SIGTERM, not SIGKILL: there is something to do yet when Butler dies.
  if (::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) fail("PR_SET_PDEATHSIG");
  if (static_cast<std::uint64_t>(::getppid()) != plan.parent) return signal_base + SIGTERM;

  const pid_t supervisor = ::getpid();
  const pid_t agent = ::fork();
  if (agent < 0) fail("fork");
  if (agent == 0) {
    end_with_parent(static_cast<std::uint64_t>(supervisor));
    ::sigprocmask(SIG_UNBLOCK, &signals, nullptr);
    enter(plan);
  }
  ::close_range(0, ~0U, 0);  // the agent's streams end with the agent
  const int status = await(agent, signals);
  kill_all();
  return status;
}

}  // namespace butler::sandbox
