#include "worker/private_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "files/descriptor.hpp"
#include "files/throw_errno.hpp"

namespace butler::worker {

namespace {

constexpr mode_t private_folder = 0700;
/// Files are small; to clear a buffer of the most that one may be takes longer than to read it.
constexpr std::size_t read_size = 65'536;

}  // namespace

void make_private_folder(const std::filesystem::path& folder) {
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path());
  if (::mkdir(folder.c_str(), private_folder) == 0) return;
  if (errno != EEXIST) files::throw_errno(folder.string());
  if (!std::filesystem::is_directory(folder)) {
    errno = ENOTDIR;
    files::throw_errno(folder.string());
  }
}

std::optional<std::string> read_file(const std::filesystem::path& file, std::size_t limit) {
  const files::Descriptor fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd.is_open() && errno == ENOENT) return std::nullopt;
  if (!fd.is_open()) files::throw_errno(file.string());
  return read_at_most(fd.get(), limit, file);
}

std::string read_at_most(int fd, std::size_t limit, const std::filesystem::path& file) {
  std::string content;
  std::size_t have = 0;
  while (have < limit) {
    content.resize(std::min(limit, have + read_size));
    const ssize_t count = ::read(fd, content.data() + have, content.size() - have);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) files::throw_errno(file.string());
    if (count == 0) break;
    have += static_cast<std::size_t>(count);
  }
  content.resize(have);
  return content;
}

}  // namespace butler::worker
