#pragma once

#include <unistd.h>

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

}  // namespace butler::files
