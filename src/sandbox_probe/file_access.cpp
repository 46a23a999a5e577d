#include "sandbox_probe/file_access.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace butler::sandbox_probe {

namespace {

std::string with_reason(const std::string& path) { return path + ": " + std::strerror(errno); }

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

std::string read_file(const std::string& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::string content(limit, '\0');
  std::size_t size = 0;
  while (file.valid() && size < limit) {
    const auto count = ::read(file.number(), content.data() + size, limit - size);
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  content.resize(size);
  return content;
}

Finding try_read(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return held(with_reason(path));
  char byte = 0;
  if (::read(file.number(), &byte, 1) < 0) return held(with_reason(path));
  return open_door(path + " can be read");
}

Finding try_write(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
  return file.valid() ? open_door(path + " can be written") : held(with_reason(path));
}

Finding try_create(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid()) return held(with_reason(path));
  ::unlink(path.c_str());
  return open_door(path + " can be made");
}

Finding try_make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) return held(with_reason(path));
  ::rmdir(path.c_str());
  return open_door(path + " can be made");
}

Finding try_list(const std::string& folder, const std::string& name) {
  DIR* const listing = ::opendir(folder.c_str());
  if (listing == nullptr) return held(with_reason(folder));
  bool found = false;
  while (const dirent* entry = ::readdir(listing)) found = found || name == entry->d_name;
  ::closedir(listing);
  return found ? open_door(folder + " shows " + name) : held(folder + " does not show " + name);
}

}  // namespace butler::sandbox_probe
