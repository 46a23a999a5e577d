#include "sandbox_probe/isolation.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "sandbox_probe/file_access.hpp"

namespace butler::sandbox_probe {

namespace {

constexpr int report_patience_ms = 5000;

[[noreturn]] void make_and_tell(const Attempt& attempt, const Targets& targets, int pipe) {
  const Finding finding = attempt.make(targets);
  std::string message(1, static_cast<char>('0' + static_cast<int>(finding.result)));
  // Within PIPE_BUF: written at once.
  message += finding.detail.substr(0, 1000);
  ::_exit(::write(pipe, message.data(), message.size()) > 0 ? 0 : 1);
}

std::string hear(int pipe) {
  std::array<char, 1024> bytes{};
  pollfd readable{pipe, POLLIN, 0};
  if (::poll(&readable, 1, report_patience_ms) != 1) return "0it took too long";
  const auto count = ::read(pipe, bytes.data(), bytes.size());
  return {bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

}  // namespace

Finding make_isolated(const Attempt& attempt, const Targets& targets) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return skipped(std::string{"no pipe: "} + std::strerror(errno));
  const Descriptor reading(ends[0]);
  pid_t child = -1;
  {
    const Descriptor writing(ends[1]);
    child = ::fork();
    if (child == 0) make_and_tell(attempt, targets, writing.number());
  }
  if (child < 0) return skipped(std::string{"no process: "} + std::strerror(errno));
  const std::string message = hear(reading.number());
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (message.empty()) {
    return held(WIFSIGNALED(status) ? std::string{"killed: "} + ::strsignal(WTERMSIG(status)) : "it ended");
  }
  return {static_cast<Result>(message.front() - '0'), message.substr(1)};
}

}  // namespace butler::sandbox_probe
