#include "cli/home_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "domain/timestamp.hpp"
#include "files/throw_errno.hpp"

namespace butler::cli {

namespace {

/// "process 123, started 2026-…", as the holder has written it; the moment before it has, nothing is known.
std::string read_holder(int descriptor) {
  std::array<char, 200> text{};
  const auto size = ::pread(descriptor, text.data(), text.size(), 0);
  std::string holder(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  while (holder.ends_with('\n')) holder.pop_back();
  return holder.empty() ? "another process" : holder;
}

}  // namespace

std::expected<HomeLock, std::string> HomeLock::take(const std::filesystem::path& home) {
  const auto file = home / "butler.lock";
  HomeLock lock{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (lock.descriptor_ < 0) files::throw_errno(file.string());
  if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) files::throw_errno(file.string());
    return std::unexpected("Butler runs already: " + read_holder(lock.descriptor_) + ", holds " +
                           file.string());
  }
  const std::string holder = "process " + std::to_string(::getpid()) + ", started " +
                             domain::to_iso8601(domain::wall_clock_now()) + "\n";
  if (::ftruncate(lock.descriptor_, 0) != 0 ||
      ::pwrite(lock.descriptor_, holder.data(), holder.size(), 0) < 0) {
    files::throw_errno(file.string());
  }
  return lock;
}

HomeLock::HomeLock(HomeLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

HomeLock::~HomeLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace butler::cli
