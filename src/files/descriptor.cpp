#include "files/descriptor.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <cstdint>

namespace butler::files {

Descriptor open_beneath(int folder, const std::string& name, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | O_NOFOLLOW);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return Descriptor{static_cast<int>(::syscall(SYS_openat2, folder, name.c_str(), &how, sizeof(how)))};
}

}  // namespace butler::files
