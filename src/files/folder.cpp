#include "files/folder.hpp"

#include <algorithm>
#include <system_error>

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

}  // namespace butler::files
