#include "config/paths.hpp"

namespace butler::config {

std::filesystem::path absolute_path(const std::filesystem::path& folder, const std::filesystem::path& named) {
  auto normal = (folder / named).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

}  // namespace butler::config
