#include "files/whole_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>

#include "files/descriptor.hpp"
#include "files/throw_errno.hpp"

namespace butler::files {

namespace {

/// A new file beside the one that it is for, which goes at the end unless it has taken that one's place.
class Draft {
 public:
  explicit Draft(const std::filesystem::path& file) : name_(file.string() + ".XXXXXX") {
    fd_ = Descriptor{::mkostemp(name_.data(), O_CLOEXEC)};
    if (!fd_.is_open()) throw_errno(file.string());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() { ::unlink(name_.c_str()); }

  const char* name() const { return name_.c_str(); }

  void give_to(const Ownership& owner) {
    if (::fchown(fd_.get(), owner.user, owner.group) != 0) throw_errno(name_);
  }

  void fill(std::string_view content, mode_t mode) {
    write_all(fd_.get(), content, name_);
    if (::fchmod(fd_.get(), mode) != 0 || ::fsync(fd_.get()) != 0) throw_errno(name_);
  }

 private:
  std::string name_;
  Descriptor fd_;
};

}  // namespace

void write_whole_file(const std::filesystem::path& file, std::string_view content, mode_t mode,
                      std::optional<Ownership> owner) {
  Draft draft{file};
  if (owner) draft.give_to(*owner);
  draft.fill(content, mode);
  if (std::rename(draft.name(), file.c_str()) != 0) throw_errno(file.string());
}

bool write_whole_file_once(const std::filesystem::path& file, std::string_view content, mode_t mode) {
  Draft draft{file};
  draft.fill(content, mode);
  if (::link(draft.name(), file.c_str()) == 0) return true;
  if (errno != EEXIST) throw_errno(file.string());
  return false;
}

void write_all(int fd, std::string_view content, const std::string& name) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno(name);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace butler::files
