// The user's other programs. "The bystander" is one of them: it runs as the same user, with a secret in its
// environment and in its memory.
#include <dirent.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "sandbox_probe/attempt.hpp"
#include "sandbox_probe/file_access.hpp"

namespace butler::sandbox_probe {

namespace {

pid_t bystander(const Targets& targets) { return static_cast<pid_t>(targets.number("pid")); }

std::string proc(const Targets& targets, const char* file) {
  return "/proc/" + targets.text("pid") + "/" + file;
}

/// A number means another process in another namespace.
bool is_another(const Targets& targets) {
  const std::string name = read_file(proc(targets, "comm"), 64);
  return !name.empty() && name != "bystander\n";
}

template <typename Call>
Finding on_bystander(const Targets& targets, const char* what, Call call) {
  if (bystander(targets) <= 1) return skipped("this machine has no bystander");
  if (is_another(targets)) return held("that number is another process here");
  const long result = call(bystander(targets));
  return by_result(result, what);
}

Finding canary_in(const std::string& path) {
  const std::string content = read_file(path);
  if (content.empty()) return held(path + ": nothing to read");
  const bool found = content.find(canary) != std::string::npos;
  return found ? open_door(path + " shows a secret") : held(path + " shows no secret");
}

Finding any_environment(const Targets&) {
  DIR* const listing = ::opendir("/proc");
  if (listing == nullptr) return held("no /proc");
  std::string found;
  while (const dirent* entry = ::readdir(listing)) {
    const std::string path = std::string{"/proc/"} + entry->d_name + "/environ";
    if (std::atoi(entry->d_name) > 0 && read_file(path).find(canary) != std::string::npos) found = path;
  }
  ::closedir(listing);
  return found.empty() ? held("no environment shows a secret") : open_door(found + " shows a secret");
}

Finding read_memory(const Targets& targets) {
  const Descriptor memory(::open(proc(targets, "mem").c_str(), O_RDONLY | O_CLOEXEC));
  char byte = 0;
  return by_result(::pread(memory.number(), &byte, 1, targets.number("memory")), "reading /proc/PID/mem");
}

Finding read_memory_by_call(const Targets& targets) {
  return on_bystander(targets, "process_vm_readv", [&](pid_t pid) {
    char byte = 0;
    const iovec here{&byte, 1};
    // The address is the bystander's.
    const iovec there{reinterpret_cast<void*>(targets.number("memory")),
                      1};  // NOLINT(performance-no-int-to-ptr)
    return static_cast<long>(::process_vm_readv(pid, &here, 1, &there, 1, 0));
  });
}

Finding take_descriptor(const Targets& targets) {
  return on_bystander(targets, "pidfd_getfd", [](pid_t pid) {
    const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    return process.valid() ? ::syscall(SYS_pidfd_getfd, process.number(), 0, 0) : -1L;
  });
}

Finding signal_by_descriptor(const Targets& targets) {
  return on_bystander(targets, "pidfd_send_signal", [](pid_t pid) {
    const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    return process.valid() ? ::syscall(SYS_pidfd_send_signal, process.number(), 0, nullptr, 0) : -1L;
  });
}

Finding change_priority(const Targets& targets) {
  return on_bystander(targets, "setpriority", [](pid_t pid) {
    const auto who = static_cast<id_t>(pid);
    errno = 0;
    const int priority = ::getpriority(PRIO_PROCESS, who);
    return errno != 0 ? -1L : ::setpriority(PRIO_PROCESS, who, priority);
  });
}

Finding change_limits(const Targets& targets) {
  return on_bystander(targets, "prlimit", [](pid_t pid) {
    rlimit limit{};
    return static_cast<long>(::prlimit(pid, RLIMIT_CORE, nullptr, &limit));
  });
}

Finding shared_memory(const Targets& targets) {
  const void* const memory = ::shmat(static_cast<int>(targets.number("shm")), nullptr, SHM_RDONLY);
  // shmat's failure is the address -1.
  if (reinterpret_cast<std::intptr_t>(memory) == -1) return by_result(-1, "shmat");
  const bool found = std::strncmp(static_cast<const char*>(memory), canary.data(), canary.size()) == 0;
  return found ? open_door("another program's shared memory can be read") : held("another segment");
}

Finding message_queue(const Targets& targets) {
  const Descriptor queue(
      static_cast<int>(::mq_open(targets.text("queue").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)));
  return by_result(queue.number(), "mq_open");
}

constexpr std::array process_table{
    Attempt{"own-environment", "read the secrets of whoever started the sandbox in its own environment",
            [](const Targets&) { return canary_in("/proc/self/environ"); }},
    Attempt{"first-environment", "read them in the environment of process 1",
            [](const Targets&) { return canary_in("/proc/1/environ"); }},
    Attempt{"parent-environment", "read them in the environment of its parent", any_environment},
    Attempt{"bystander-environment", "read the environment of another program",
            [](const Targets& t) { return canary_in(proc(t, "environ")); }},
    Attempt{"bystander-visible", "see the user's other programs",
            [](const Targets& t) {
              const bool seen = read_file(proc(t, "comm"), 64) == "bystander\n";
              return seen ? open_door("/proc shows the bystander")
                          : held("/proc does not show the bystander");
            }},
    Attempt{"bystander-memory", "read the memory of another program", read_memory},
    Attempt{"bystander-memory-write", "write to the memory of another program",
            [](const Targets& t) { return try_write(proc(t, "mem")); }},
    Attempt{"bystander-memory-call", "read it by process_vm_readv", read_memory_by_call},
    Attempt{"bystander-files", "reach another program's open files",
            [](const Targets& t) {
              std::array<char, 256> path{};
              return by_result(::readlink(proc(t, "fd/1").c_str(), path.data(), path.size()), "readlink");
            }},
    Attempt{"bystander-folder", "reach files through another program's working folder",
            [](const Targets& t) { return try_list(proc(t, "cwd"), ".ssh"); }},
    Attempt{"ptrace", "take over another program",
            [](const Targets& t) {
              return on_bystander(t, "ptrace",
                                  [](pid_t pid) { return ::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr); });
            }},
    Attempt{"pidfd-getfd", "take a descriptor from another program", take_descriptor},
    Attempt{"pidfd-signal", "signal another program by its descriptor", signal_by_descriptor},
    Attempt{"signal", "end another program",
            [](const Targets& t) {
              return on_bystander(t, "kill", [](pid_t pid) { return static_cast<long>(::kill(pid, 0)); });
            }},
    Attempt{"priority", "starve another program", change_priority},
    Attempt{"limits-of-others", "change another program's limits", change_limits},
    Attempt{"shared-memory", "read another program's System V shared memory", shared_memory},
    Attempt{"message-queue", "read another program's message queue", message_queue},
};

}  // namespace

std::span<const Attempt> process_attempts() { return process_table; }

}  // namespace butler::sandbox_probe
