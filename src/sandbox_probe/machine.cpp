#include "sandbox_probe/machine.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "sandbox_probe/bystander.hpp"
#include "sandbox_probe/file_access.hpp"
#include "sandbox_probe/machine_files.hpp"
#include "sandbox_probe/machine_network.hpp"

namespace butler::sandbox_probe {

namespace {

constexpr int not_made = 125;
constexpr int not_run = 126;

struct Options {
  std::string folder;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<std::string> command;
};

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

Options parse(int argc, char** argv) {
  Options options{.folder = argc > 2 ? argv[2] : "", .uid = ::getuid(), .gid = ::getgid(), .command = {}};
  int next = 3;
  if (argc > 4 && std::strcmp(argv[3], "--user") == 0) {
    if (std::sscanf(argv[4], "%u:%u", &options.uid, &options.gid) != 2)
      throw std::runtime_error("--user takes UID:GID");
    next = 5;
  }
  options.command.assign(argv + std::min(next, argc), argv + argc);
  if (options.folder.empty() || options.command.empty())
    throw std::runtime_error("a folder and a command are needed");
  if (options.uid == 0) throw std::runtime_error("the machine's user is not root: --user UID:GID");
  return options;
}

void give_folder(const Options& options) {
  if (::geteuid() != 0) return;
  if (::chown(options.folder.c_str(), options.uid, options.gid) != 0) fail("chown " + options.folder);
}

void become_user(const Options& options) {
  if (::geteuid() == 0) {
    if (::setgroups(0, nullptr) != 0 || ::setgid(options.gid) != 0 || ::setuid(options.uid) != 0)
      fail("becoming the user");
  }
}

/// A file system that does as the user: what is planted is theirs, while we still are root.
class AsUser {
 public:
  explicit AsUser(const Options& options) : root_(::geteuid() == 0) {
    if (root_ && (::setegid(options.gid) != 0 || ::seteuid(options.uid) != 0)) fail("acting as the user");
  }
  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;
  ~AsUser() {
    if (root_ && (::seteuid(0) != 0 || ::setegid(0) != 0)) std::abort();
  }

 private:
  bool root_;
};

/// The user's keyring, with a key in it.
void add_key(Targets& targets) {
  ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
  const long key =
      ::syscall(SYS_add_key, "user", canary.data(), canary.data(), canary.size(), KEY_SPEC_SESSION_KEYRING);
  if (key >= 0) targets.add("key=" + std::to_string(key));
}

std::vector<char*> argument_vector(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

pid_t start_bystander(const std::vector<std::string>& services, Targets& targets) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], STDOUT_FILENO);
    if (::chdir(targets.text("home").c_str()) != 0) ::_exit(not_run);
    std::vector<std::string> words{"bystander", bystander_command};
    words.insert(words.end(), services.begin(), services.end());
    ::execv("/proc/self/exe", argument_vector(words).data());
    ::_exit(not_run);
  }
  ::close(ends[1]);
  std::FILE* const lines = ::fdopen(ends[0], "r");
  std::array<char, 256> line{};
  bool ready = false;
  while (lines != nullptr && !ready && std::fgets(line.data(), line.size(), lines) != nullptr) {
    line[std::strcspn(line.data(), "\n")] = '\0';
    ready = std::strcmp(line.data(), "ready") == 0;
    targets.add(line.data());
  }
  if (lines != nullptr) std::fclose(lines);
  if (!ready) throw std::runtime_error("the bystander did not start");
  return child;
}

std::vector<std::string> expand(const std::vector<std::string>& command, const Targets& targets) {
  std::vector<std::string> words;
  for (const std::string& word : command) {
    if (word == "{targets}") {
      for (const auto& [name, value] : targets.all()) words.push_back(name + "=" + value);
    } else if (word == "{probe}") {
      words.push_back(targets.text("workspace") + "/butler-sandbox-probe");
    } else if (word == "{workspace}") {
      words.push_back(targets.text("workspace"));
    } else {
      words.push_back(word);
    }
  }
  return words;
}

/// In the child: a session of its own on the terminal, a descriptor too many, the workspace, and the command.
[[noreturn]] void execute(const std::string& terminal, int program, const Options& options,
                          const Targets& targets) {
  ::setsid();
  const int tty = ::open(terminal.c_str(), O_RDWR | O_CLOEXEC);
  if (tty >= 0) ::ioctl(tty, TIOCSCTTY, 0);
  // Left open on purpose: what a careless parent has forgotten.
  static_cast<void>(::open((targets.text("home") + "/.ssh").c_str(), O_RDONLY | O_DIRECTORY));
  std::vector<std::string> words = expand(options.command, targets);
  if (::chdir(targets.text("workspace").c_str()) != 0) ::_exit(not_run);
  if (program >= 0) ::fexecve(program, argument_vector(words).data(), environ);
  ::execvp(words.front().c_str(), argument_vector(words).data());
  std::fprintf(stderr, "butler-sandbox-probe: %s: %s\n", words.front().c_str(), std::strerror(errno));
  ::_exit(not_run);
}

/// Its exit status. What comes out of the terminal is thrown away.
int await(pid_t child, int terminal) {
  std::array<char, 4096> bytes{};
  const Descriptor ended(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  std::array<pollfd, 2> watched{{{ended.number(), POLLIN, 0}, {terminal, POLLIN, 0}}};
  while (watched[0].revents == 0) {
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) fail("poll");
    if ((watched[1].revents & POLLIN) != 0) static_cast<void>(!::read(terminal, bytes.data(), bytes.size()));
    // Nobody has the terminal open any more.
    else if (watched[1].revents != 0)
      watched[1].fd = -1;
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run_command(const Options& options, int program, const Targets& targets) {
  const Descriptor terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.valid() || ::grantpt(terminal.number()) != 0 || ::unlockpt(terminal.number()) != 0)
    fail("a terminal");
  const std::string name = ::ptsname(terminal.number());
  const pid_t child = ::fork();
  if (child < 0) fail("fork");
  if (child == 0) execute(name, program, options, targets);
  return await(child, terminal.number());
}

int run_options(const Options& options) {
  ::umask(022);
  give_folder(options);
  Targets targets;
  // Root's command may lie where the user cannot go.
  const int program = options.command.front().starts_with('/')
                          ? ::open(options.command.front().c_str(), O_RDONLY | O_CLOEXEC)
                          : -1;
  const bool own_network = enter_network();
  std::vector<std::string> services;
  {
    const AsUser user(options);
    plant_files(options.folder, targets);
  }
  services = open_services(own_network, options.folder, targets);
  if (::geteuid() == 0) plant_setuid_program(targets);
  become_user(options);
  add_key(targets);
  ::setenv("BUTLER_PROBE_SECRET", canary.data(), 1);
  ::setenv("HOME", targets.text("home").c_str(), 1);
  ::setenv("SSH_AUTH_SOCK", (targets.text("home") + "/.ssh/agent.sock").c_str(), 1);
  ::setenv("BUTLER_HOME", targets.text("butler-home").c_str(), 1);
  ::setenv("BUTLER_ENV_FILE", "", 1);
  const pid_t bystander = start_bystander(services, targets);
  for (const std::string& word : services) ::close(std::atoi(word.c_str() + word.find(':') + 1));
  const int status = run_command(options, program, targets);
  ::kill(bystander, SIGKILL);
  ::waitpid(bystander, nullptr, 0);
  remove_planted(targets);
  return status;
}

}  // namespace

int run_on_machine(int argc, char** argv) {
  try {
    return run_options(parse(argc, argv));
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "butler-sandbox-probe: the machine could not be made: %s\n", fault.what());
    return not_made;
  }
}

}  // namespace butler::sandbox_probe
