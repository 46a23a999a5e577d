#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace butler::http {

/// What the path has in the places of ":name" in the pattern ("/v1/jobs/:jobId/events"), decoded and never
/// empty; nullopt when it does not match, segment by segment.
std::optional<std::vector<std::string>> match_path(std::string_view pattern, std::string_view path);

}  // namespace butler::http
