#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace butler::sandbox {

/// What a name of the workspace has to do with those that nobody inside may touch.
enum class Relation : std::uint8_t {
  free,      ///< nothing
  leads_to,  ///< it is on the way to one: to be used, not to be moved or replaced
  covered,   ///< it is one, or lies in one
};

/// Names in the workspace that nobody may touch, and names in those that are free all the same: the longest
/// one that fits decides.
struct CoveredNames {
  std::vector<std::string> covered;
  std::vector<std::string> opened = {};
};

/// All relative to the workspace. Case does not count, because there are file systems where it does not.
/// Pure.
Relation relation_of(std::string_view name, const CoveredNames& names);

}  // namespace butler::sandbox
