#include "worker/private_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "process/role.hpp"
#include "sandbox/descriptors.hpp"

namespace butler::worker {

namespace {

constexpr mode_t private_file = 0600;
constexpr mode_t private_folder = 0700;

[[noreturn]] void fail(const std::filesystem::path& file) {
  throw std::system_error(errno, std::generic_category(), file.string());
}

/// A new file beside `file`, with its content on disk.
std::filesystem::path write_beside(const std::filesystem::path& file, std::string_view content) {
  const std::filesystem::path beside = file.string() + "." + process::random_hex(8);
  const files::Descriptor fd{
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, private_file)};
  if (!fd.is_open()) fail(beside);
  write_all(fd.get(), content, beside);
  if (::fsync(fd.get()) != 0) fail(beside);
  return beside;
}

}  // namespace

files::Descriptor open_beneath(int folder, const std::string& name, int flags, unsigned mode) {
  return files::Descriptor{sandbox::open_beneath(folder, name, flags, mode).release()};
}

void make_private_folder(const std::filesystem::path& folder) {
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path());
  if (::mkdir(folder.c_str(), private_folder) == 0) return;
  if (errno != EEXIST) fail(folder);
  if (!std::filesystem::is_directory(folder)) {
    errno = ENOTDIR;
    fail(folder);
  }
}

void write_private_file(const std::filesystem::path& file, std::string_view content) {
  const auto beside = write_beside(file, content);
  if (::rename(beside.c_str(), file.c_str()) != 0) fail(file);
}

bool write_private_file_once(const std::filesystem::path& file, std::string_view content) {
  const auto beside = write_beside(file, content);
  const bool made = ::link(beside.c_str(), file.c_str()) == 0;
  const int error = errno;
  ::unlink(beside.c_str());
  errno = error;
  if (!made && error != EEXIST) fail(file);
  return made;
}

std::optional<std::string> read_file(const std::filesystem::path& file, std::size_t limit) {
  const files::Descriptor fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd.is_open() && errno == ENOENT) return std::nullopt;
  if (!fd.is_open()) fail(file);
  return read_at_most(fd.get(), limit, file);
}

void write_all(int fd, std::string_view content, const std::filesystem::path& file) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(file);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string read_at_most(int fd, std::size_t limit, const std::filesystem::path& file) {
  std::string content(limit, '\0');
  std::size_t have = 0;
  while (have < limit) {
    const ssize_t count = ::read(fd, content.data() + have, limit - have);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(file);
    if (count == 0) break;
    have += static_cast<std::size_t>(count);
  }
  content.resize(have);
  return content;
}

}  // namespace butler::worker
