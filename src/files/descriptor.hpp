#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace butler::files {

/// A file descriptor that is closed at the end.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  /// Hands it over: whoever gets it closes it.
  int release() { return std::exchange(fd_, -1); }
  void close() { const Descriptor old{release()}; }

 private:
  int fd_ = -1;
};

/// Opens what lies in a folder that an agent can write to: openat2(2) with RESOLVE_BENEATH, and no symbolic
/// link anywhere on the way. Every look of the host into a workspace or a session folder goes through here.
/// Closed, with errno, when it cannot be had.
Descriptor open_beneath(int folder, const std::string& name, int flags, mode_t mode = 0);

}  // namespace butler::files
