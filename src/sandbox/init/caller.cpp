#include "sandbox/init/caller.hpp"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/ioctl.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace butler::sandbox {

namespace {

/// A short file of /proc; "" when it is gone.
std::string read_short(const std::string& path) {
  const Handle file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::string text(4'096, '\0');
  const ssize_t count = ::read(file.get(), text.data(), text.size());
  text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return text;
}

/// What follows a name in /proc/<pid>/status; "" when it is not there.
std::string status_field(pid_t process, std::string_view name) {
  const std::string text = read_short("/proc/" + std::to_string(process) + "/status");
  const auto at = text.find("\n" + std::string{name} + ":\t");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 3;
  return text.substr(begin, text.find('\n', begin) - begin);
}

pid_t process_of(pid_t thread) {
  const pid_t process = std::atoi(status_field(thread, "Tgid").c_str());
  if (process <= 0) throw Refusal{ESRCH};
  return process;
}

struct Alias {
  std::string_view text;
  std::string_view below_process;
};

// Links of the system's that mean whoever follows them. /proc/net stays out: it tells of the machine.
constexpr std::array aliases{Alias{"/proc/self", ""},          Alias{"/proc/thread-self", ""},
                             Alias{"/proc/mounts", "/mounts"}, Alias{"/dev/fd", "/fd"},
                             Alias{"/dev/stdin", "/fd/0"},     Alias{"/dev/stdout", "/fd/1"},
                             Alias{"/dev/stderr", "/fd/2"}};

}  // namespace

Caller::Caller(int listener, const seccomp_notif& call) : listener_(listener), call_(call) {}

std::string Caller::own(const char* name) const { return "/proc/" + std::to_string(call_.pid) + "/" + name; }

/// After something of the caller's has been looked up by its number, which could be another's by now.
void Caller::expect_alive() const { made(::ioctl(listener_, SECCOMP_IOCTL_NOTIF_ID_VALID, &call_.id)); }

std::string Caller::bytes_at(unsigned number, std::size_t size) const {
  const Handle memory = opened(::open(own("mem").c_str(), O_RDONLY | O_CLOEXEC));
  expect_alive();
  std::string bytes(size, '\0');
  const ssize_t count =
      ::pread(memory.get(), bytes.data(), bytes.size(), static_cast<off_t>(argument(number)));
  if (count <= 0) throw Refusal{EFAULT};
  bytes.resize(static_cast<std::size_t>(count));
  return bytes;
}

std::string Caller::text_at(unsigned number, std::size_t longest) const {
  std::string text = bytes_at(number, longest);
  const auto end = text.find('\0');
  if (end == std::string::npos) throw Refusal{text.size() == longest ? ENAMETOOLONG : EFAULT};
  text.resize(end);
  return text;
}

std::string Caller::path_at(unsigned number) const {
  std::string path = text_at(number, PATH_MAX);
  for (const Alias& alias : aliases) {
    if (!path.starts_with(alias.text)) continue;
    const std::string rest = path.substr(alias.text.size());
    if (!rest.empty() && rest.front() != '/') continue;
    return "/proc/" + std::to_string(process_of(static_cast<pid_t>(call_.pid))) +
           std::string{alias.below_process} + rest;
  }
  return path;
}

Handle Caller::folder(int descriptor) const {
  if (descriptor != AT_FDCWD) return file(descriptor);
  Handle current = opened(::open(own("cwd").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  expect_alive();
  return current;
}

Handle Caller::file(int descriptor) const {
  if (descriptor < 0) throw Refusal{EBADF};
  const std::string link = own("fd/") + std::to_string(descriptor);
  Handle found{::open(link.c_str(), O_PATH | O_CLOEXEC)};
  if (found.get() < 0) throw Refusal{errno == ENOENT ? EBADF : errno};
  expect_alive();
  return found;
}

mode_t Caller::creation_mask() const {
  const std::string mask = status_field(static_cast<pid_t>(call_.pid), "Umask");
  if (mask.empty()) throw Refusal{ESRCH};
  return static_cast<mode_t>(std::strtoul(mask.c_str(), nullptr, 8));
}

bool is_of_the_sandbox(pid_t process) {
  const pid_t self = ::getpid();
  for (int generation = 0; process > 1 && generation < 1'000; ++generation) {
    process = std::atoi(status_field(process, "PPid").c_str());
    if (process == self) return true;
  }
  return false;
}

}  // namespace butler::sandbox
