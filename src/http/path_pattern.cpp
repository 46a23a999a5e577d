#include "http/path_pattern.hpp"

#include <utility>

#include "http/types.hpp"

namespace butler::http {

namespace {

/// Takes the part up to the next slash off the front of the path.
std::string_view take_segment(std::string_view& path) {
  const auto slash = path.find('/');
  const auto segment = path.substr(0, slash);
  path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  return segment;
}

/// Whether the segments are as many, and those without a name the same. Most patterns of a table are left
/// here.
bool has_shape(std::string_view pattern, std::string_view path) {
  if (!path.starts_with(pattern.substr(0, pattern.find(':')))) return false;
  while (!pattern.empty() && !path.empty()) {
    const auto wanted = take_segment(pattern);
    const auto segment = take_segment(path);
    if (!wanted.starts_with(':') && wanted != segment) return false;
  }
  return pattern.empty() && path.empty();
}

}  // namespace

std::optional<std::vector<std::string>> match_path(std::string_view pattern, std::string_view path) {
  if (!has_shape(pattern, path)) return std::nullopt;
  std::vector<std::string> parameters;
  while (!pattern.empty()) {
    const auto wanted = take_segment(pattern);
    const auto segment = take_segment(path);
    if (!wanted.starts_with(':')) continue;
    auto decoded = percent_decode(segment, false);
    if (!decoded || decoded->empty()) return std::nullopt;
    parameters.push_back(*std::move(decoded));
  }
  return parameters;
}

}  // namespace butler::http
