#include "sqlite/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace butler::sqlite {

namespace {

std::string holder(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t length = pread(descriptor, text.data(), text.size() - 1, 0);
  if (length <= 0) return "another process";
  return "process " + std::string{text.data(), std::strcspn(text.data(), "\n")};
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& file) {
  const std::string path = file.string() + ".lock";
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor_ < 0) throw std::runtime_error("cannot open " + path + ": " + std::strerror(errno));
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const std::string who = holder(descriptor_);
    ::close(descriptor_);
    throw std::runtime_error(file.string() + " is in use by " + who +
                             ". Stop that one first, or set BUTLER_HOME to another folder.");
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(descriptor_, 0) != 0 || pwrite(descriptor_, pid.data(), pid.size(), 0) < 0) {
    ::close(descriptor_);
    throw std::runtime_error("cannot write " + path + ": " + std::strerror(errno));
  }
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace butler::sqlite
