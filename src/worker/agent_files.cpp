#include "worker/agent_files.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace butler::worker {

std::string_view agent_file(std::string_view name) {
  const auto files = agent_files();
  const auto found = std::ranges::find(files, name, &domain::EmbeddedFile::name);
  if (found == files.end()) throw std::logic_error("no embedded file " + std::string{name});
  return found->content;
}

}  // namespace butler::worker
