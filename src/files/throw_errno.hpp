#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace butler::files {

/// Throws what `errno` says of a failed system call, with its subject before it: "state.db: Permission
/// denied".
[[noreturn]] inline void throw_errno(const std::string& subject) {
  throw std::system_error(errno, std::generic_category(), subject);
}

}  // namespace butler::files
