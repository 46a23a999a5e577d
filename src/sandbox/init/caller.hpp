#pragma once

#include <linux/seccomp.h>
#include <sys/types.h>

#include <cstdint>
#include <string>

#include "sandbox/init/handle.hpp"

namespace butler::sandbox {

/// A thread of the agent's that waits in a system call. What it says is taken for hostile, and may change
/// while it is read: everything is read once. Whatever cannot be had is thrown as a Refusal.
class Caller {
 public:
  Caller(int listener, const seccomp_notif& call);

  std::uint64_t argument(unsigned number) const { return call_.data.args[number]; }
  int number_at(unsigned number) const { return static_cast<int>(argument(number)); }

  /// The text that an argument points to: a path, at most PATH_MAX. "/proc/self" and what leads there names
  /// the caller's process in it, not this one.
  std::string path_at(unsigned number) const;
  /// The same, as it is.
  std::string text_at(unsigned number, std::size_t longest) const;
  /// Bytes that an argument points to.
  std::string bytes_at(unsigned number, std::size_t size) const;

  /// The folder that a relative path begins at: a descriptor's, or the current one for AT_FDCWD.
  Handle folder(int descriptor) const;
  /// What a descriptor of the caller's is, without the right to read or write it.
  Handle file(int descriptor) const;
  mode_t creation_mask() const;

 private:
  std::string own(const char* name) const;
  void expect_alive() const;

  int listener_;
  const seccomp_notif& call_;
};

/// True for a process that descends from this one.
bool is_of_the_sandbox(pid_t process);

}  // namespace butler::sandbox
