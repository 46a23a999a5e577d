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

/// Both relative to the workspace. Case does not count, because there are file systems where it does not.
/// Pure.
Relation relation_of(std::string_view name, const std::vector<std::string>& covered);

}  // namespace butler::sandbox
