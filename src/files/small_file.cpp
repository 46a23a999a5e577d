#include "files/small_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "files/descriptor.hpp"

namespace butler::files {

namespace {

std::expected<SmallFile, std::error_code> read_open(int fd, std::size_t limit) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return std::unexpected(std::error_code(errno, std::generic_category()));
  if (!S_ISREG(status.st_mode)) return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  SmallFile file{.text = {}, .owner = status.st_uid, .group = status.st_gid, .mode = status.st_mode & 07777U};
  std::size_t size = 0;
  do {
    file.text.resize(size + 65'536);
    const auto got = ::read(fd, file.text.data() + size, file.text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(std::error_code(errno, std::generic_category()));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  } while (size <= limit);
  if (size > limit) return std::unexpected(std::make_error_code(std::errc::file_too_large));
  file.text.resize(size);
  return file;
}

}  // namespace

std::expected<SmallFile, std::error_code> read_small_file(const std::filesystem::path& path,
                                                          std::size_t limit, Links links) {
  const int link = links == Links::refuse ? O_NOFOLLOW : 0;
  const Descriptor fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | link)};
  if (!fd.is_open()) return std::unexpected(std::error_code(errno, std::generic_category()));
  return read_open(fd.get(), limit);
}

}  // namespace butler::files
