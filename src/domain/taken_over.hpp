#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace butler::domain {

/// What became of the entries of a file of the first version.
struct TakenOver {
  std::int64_t taken = 0;
  std::int64_t known = 0;                 ///< were here already
  std::vector<std::string> refused = {};  ///< a sentence each, that names the entry and what is wrong with it
  std::vector<std::string> changed = {};  ///< likewise, of what was taken over in another form
};

}  // namespace butler::domain
