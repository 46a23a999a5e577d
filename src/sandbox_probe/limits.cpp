// What an agent may use up, and what it must be able to do.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "sandbox_probe/attempt.hpp"
#include "sandbox_probe/connections.hpp"
#include "sandbox_probe/file_access.hpp"

namespace butler::sandbox_probe {

namespace {

rlim_t hard_limit(__rlimit_resource which) {
  rlimit limit{};
  ::getrlimit(which, &limit);
  return limit.rlim_max;
}

Finding at_most(__rlimit_resource which, rlim_t most) {
  const rlim_t limit = hard_limit(which);
  if (limit == RLIM_INFINITY) return open_door("no limit");
  const std::string detail = "at most " + std::to_string(limit);
  return limit <= most ? held(detail) : open_door(detail);
}

constexpr rlim_t gibibyte = rlim_t{1} << 30;

constexpr std::array limit_table{
    Attempt{"limit-processes", "fill the machine with processes",
            [](const Targets&) { return at_most(RLIMIT_NPROC, 8192); }},
    Attempt{"limit-memory", "take all memory in one process",
            [](const Targets&) {
              Finding data = at_most(RLIMIT_DATA, 64 * gibibyte);
              return data.result == Result::held ? data : at_most(RLIMIT_AS, 64 * gibibyte);
            }},
    Attempt{"limit-file", "write one file as large as the disk",
            [](const Targets&) { return at_most(RLIMIT_FSIZE, 64 * gibibyte); }},
    Attempt{"limit-core", "write its memory to the disk when it crashes",
            [](const Targets&) { return at_most(RLIMIT_CORE, 0); }},
    Attempt{"limit-descriptors", "open files without end",
            [](const Targets&) { return at_most(RLIMIT_NOFILE, 1 << 20); }},
    Attempt{"limit-raised", "raise its own limits",
            [](const Targets&) {
              const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
              return by_result(::setrlimit(RLIMIT_NPROC, &more), "setrlimit");
            }},
};

Finding run_shell(const Targets&) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", "test -r /usr/bin/env && /usr/bin/env true", nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? open_door("a shell runs") : held("no shell runs");
}

/// The agent's way to its model: the address that HTTP_PROXY names.
Finding reach_listener(const Targets&) {
  const char* const proxy = std::getenv("HTTP_PROXY");
  if (proxy == nullptr) return skipped("no HTTP_PROXY in the environment");
  const char* const port = std::strrchr(proxy, ':');
  if (port == nullptr) return skipped("HTTP_PROXY has no port");
  Finding finding = try_tcp("127.0.0.1", std::atol(port + 1));
  // `butler sandbox run` serves nothing there; that the way is free can be seen all the same.
  const bool unserved = finding.detail.find(std::strerror(ECONNREFUSED)) != std::string::npos;
  return unserved ? skipped("the way is free, and nobody listens") : finding;
}

Finding write_temporary(const Targets&) {
  const char* const folder = std::getenv("TMPDIR");
  return try_create(std::string{folder == nullptr ? "/tmp" : folder} + "/probe-temporary");
}

constexpr std::array needed{
    Attempt{"workspace", "write in the workspace",
            [](const Targets& t) { return try_create(t.text("workspace") + "/probe-made"); }},
    Attempt{"temporary", "write temporary files", write_temporary},
    Attempt{"shell", "run the system's programs", run_shell},
    Attempt{"null-device", "write to /dev/null", [](const Targets&) { return try_write("/dev/null"); }},
    Attempt{"listener", "reach its model and its proxy", reach_listener},
};

}  // namespace

std::span<const Attempt> limit_attempts() { return limit_table; }
std::span<const Attempt> needs() { return needed; }

}  // namespace butler::sandbox_probe
