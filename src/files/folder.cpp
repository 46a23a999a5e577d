#include "files/folder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "files/descriptor.hpp"
#include "files/throw_errno.hpp"

namespace butler::files {

namespace fs = std::filesystem;

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code closed;
  for (fs::directory_iterator entry{folder, closed}; !closed && entry != fs::directory_iterator{};
       entry.increment(closed)) {
    names.push_back(entry->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

void sync_folder(const fs::path& folder) {
  const Descriptor opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!opened.is_open() || ::fsync(opened.get()) != 0) throw_errno(folder.string());
}

}  // namespace butler::files
