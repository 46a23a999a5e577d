#include "sandbox/init/enter.hpp"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <vector>

#include "sandbox/init/broker.hpp"
#include "sandbox/init/descriptor_message.hpp"
#include "sandbox/init/fault.hpp"
#include "sandbox/init/landlock.hpp"
#include "sandbox/init/seccomp_filter.hpp"

namespace butler::sandbox {

namespace {

constexpr std::size_t longest_sentence = 4'000;
constexpr mode_t private_files = 077;

/// 127.0.0.1:3128 of this network namespace, which has nobody else in it yet.
int listen_inside() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(inner_port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (listener < 0 || ::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener, SOMAXCONN) != 0) {
    fail("the sandbox's listener cannot be made");
  }
  return listener;
}

void say(std::string text, int descriptor) {
  if (!send_message(control_descriptor, std::move(text), descriptor)) fail("the sandbox's starter is gone");
}

void wait_for_go() {
  char answer = 0;
  ssize_t count = 0;
  do {
    count = ::recv(control_descriptor, &answer, 1, 0);
  } while (count < 0 && errno == EINTR);
  if (count != 1 || answer != answer_go) throw Fault("the sandbox's starter is gone");
}

void limit(__rlimit_resource resource, std::uint64_t most, const char* name) {
  const rlimit limits{.rlim_cur = most, .rlim_max = most};
  if (::setrlimit(resource, &limits) != 0) fail(std::string{"the limit "} + name + " cannot be set");
}

void set_limits(const InitPlan& plan) {
  // The data segment, not the address space: node reserves far more than it uses.
  if (plan.memory_bytes != 0) limit(RLIMIT_DATA, plan.memory_bytes, "memory");
  if (plan.processes != 0) limit(RLIMIT_NPROC, plan.processes, "processes");
  if (plan.file_bytes != 0) limit(RLIMIT_FSIZE, plan.file_bytes, "file size");
  if (plan.open_files != 0) limit(RLIMIT_NOFILE, plan.open_files, "open files");
  limit(RLIMIT_CORE, 0, "core files");
  limit(RLIMIT_MSGQUEUE, 0, "message queues");
}

/// When the machine runs out of memory, the agent goes before Butler does.
void volunteer_for_the_oom_killer() {
  const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  constexpr std::string_view score = "500";
  if (::write(file, score.data(), score.size()) < 0) errno = 0;  // a kindness, not a protection
  ::close(file);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// Only the standard streams stay, and the control socket until the agent has taken over.
void close_others() {
  if (::close_range(control_descriptor + 1, ~0U, 0) != 0) fail("descriptors cannot be closed");
  if (::fcntl(control_descriptor, F_SETFD, FD_CLOEXEC) != 0) fail("the control socket is missing");
}

}  // namespace

InitPlan read_plan() {
  struct stat status{};
  if (::fstat(plan_descriptor, &status) != 0) fail("the sandbox's plan is missing");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  // By position: the descriptor is read twice, outside and inside.
  const ssize_t count = ::pread(plan_descriptor, text.data(), text.size(), 0);
  if (count != status.st_size) fail("the sandbox's plan cannot be read");
  auto plan = decode_init_plan(text);
  if (!plan) throw Fault(plan.error());
  return *std::move(plan);
}

void enter_group(const InitPlan& plan) {
  if (plan.group.empty()) return;
  const int file = ::open(plan.group.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0 || ::write(file, "0", 1) != 1) fail("the control group " + plan.group + " cannot be entered");
  ::close(file);
}

void leave_keyring() {
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) >= 0) return;
  // A kernel without keys, or a container that filters the call away: then the agent cannot make it either.
  if (errno != ENOSYS && errno != EPERM) fail("no session keyring of the sandbox's own can be had");
}

void end_with_parent(std::uint64_t parent) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) fail("PR_SET_PDEATHSIG");
  if (static_cast<std::uint64_t>(::getppid()) != parent) std::raise(SIGKILL);
}

void report_fault(const std::string& sentence) {
  std::string text = said_failed + sentence.substr(0, longest_sentence);
  if (::send(control_descriptor, text.data(), text.size(), MSG_NOSIGNAL) < 0) {
    std::fprintf(stderr, "butler-sandbox-init: %s\n", sentence.c_str());
  }
}

void enter(const InitPlan& plan) {
  close_others();
  ::umask(private_files);
  if (::setsid() < 0 && errno != EPERM) fail("setsid");  // it may lead a session already
  const int listener = plan.make_listener ? listen_inside() : -1;
  say(std::string{said_ready}, listener);
  if (listener >= 0) ::close(listener);
  wait_for_go();

  volunteer_for_the_oom_killer();
  set_limits(plan);
  if (::chdir(plan.folder.c_str()) != 0) fail("the folder " + plan.folder + " cannot be entered");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("PR_SET_NO_NEW_PRIVS");
  if (plan.landlock) restrict_by_landlock(plan);
  if (plan.broker) begin_broker(plan);
  if (plan.filter) load_system_call_filters(plan.shared_kernel_names);

  auto arguments = plan.arguments;
  auto environment = plan.environment;
  const auto argv = pointers(arguments);
  auto envp = pointers(environment);
  environ = envp.data();  // execvp looks for PATH there
  ::execvp(argv[0], argv.data());
  fail("cannot start '" + plan.arguments.front() + "'");
}

}  // namespace butler::sandbox
