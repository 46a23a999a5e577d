#pragma once

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace butler::sandbox {

/// A descriptor that is closed at the end.
class Handle {
 public:
  Handle() = default;
  explicit Handle(int number) : number_(number) {}
  Handle(Handle&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Handle() {
    if (number_ >= 0) ::close(number_);
  }

  int get() const { return number_; }

 private:
  int number_ = -1;
};

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
