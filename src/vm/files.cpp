#include "vm/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <system_error>

namespace butler::vm {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path) {
  throw std::system_error(errno, std::generic_category(), path.string());
}

}  // namespace

std::string read_file(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) fail(path);
  std::string content{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
  if (file.bad()) fail(path);
  return content;
}

void write_file(const fs::path& path, std::string_view content) {
  auto fresh = path;
  fresh += ".new";
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) fail(fresh);
  while (!content.empty()) {
    const auto count = ::write(file, content.data(), content.size());
    if (count < 0) {
      const int reason = errno;
      ::close(file);
      errno = reason;
      fail(fresh);
    }
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(file) != 0 || ::close(file) != 0 || std::rename(fresh.c_str(), path.c_str()) != 0) fail(path);
}

void Digest::add(std::string_view name, std::string_view bytes) {
  hash_.add(std::string{name} + ':' + std::to_string(bytes.size()) + ':');
  hash_.add(bytes);
}

std::string Digest::finish() { return hash_.finish(); }

}  // namespace butler::vm
