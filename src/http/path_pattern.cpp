#include "http/path_pattern.hpp"

#include <algorithm>
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

/// True for most patterns of a table: told without a look at segments.
bool differs_before_names(std::string_view pattern, std::string_view path) {
  const auto [in_pattern, in_path] = std::ranges::mismatch(pattern, path);
  if (in_pattern == pattern.end() || in_path == path.end() || *in_pattern == ':') return false;
  return std::find(pattern.begin(), in_pattern, ':') == in_pattern;
}

}  // namespace

std::optional<std::vector<std::string>> match_path(std::string_view pattern, std::string_view path) {
  if (differs_before_names(pattern, path)) return std::nullopt;
  std::vector<std::string> parameters;
  while (!pattern.empty() && !path.empty()) {
    const auto wanted = take_segment(pattern);
    const auto segment = take_segment(path);
    if (wanted.starts_with(':')) {
      auto decoded = percent_decode(segment, false);
      if (!decoded || decoded->empty()) return std::nullopt;
      parameters.push_back(*std::move(decoded));
    } else if (wanted != segment) {
      return std::nullopt;
    }
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return parameters;
}

}  // namespace butler::http
