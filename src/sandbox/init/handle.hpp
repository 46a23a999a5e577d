#pragma once

#include <cerrno>

#include "files/descriptor.hpp"

namespace butler::sandbox {

using Handle = files::Descriptor;

/// Why a call of the agent's is not made: the number that it gets as its errno.
struct Refusal {
  int error = EACCES;
};

/// The result of a system call; throws Refusal with errno when it failed.
inline long made(long result) {
  if (result < 0) throw Refusal{errno};
  return result;
}

/// The same, of one that opens something.
inline Handle opened(long result) { return Handle{static_cast<int>(made(result))}; }

}  // namespace butler::sandbox
