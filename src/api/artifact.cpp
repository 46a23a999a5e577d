#include "api/artifact.hpp"

#include "domain/limits.hpp"

namespace butler::api {

bool is_artifact_name(std::string_view name) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !name.empty() && name.size() <= domain::limits::artifact_name && !name.starts_with('.') &&
         name.find_first_not_of(allowed) == std::string_view::npos;
}

}  // namespace butler::api
