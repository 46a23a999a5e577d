#include "sandbox/covered_names.hpp"

#include <strings.h>

namespace butler::sandbox {

namespace {

/// True when `begin` is all of `text`, or a part of it up to a slash.
bool is_or_begins(std::string_view begin, std::string_view text) {
  if (text.size() < begin.size() || ::strncasecmp(text.data(), begin.data(), begin.size()) != 0) return false;
  return text.size() == begin.size() || text[begin.size()] == '/';
}

}  // namespace

Relation relation_of(std::string_view name, const std::vector<std::string>& covered) {
  auto relation = Relation::free;
  for (const auto& cover : covered) {
    if (is_or_begins(cover, name)) return Relation::covered;
    if (is_or_begins(name, cover)) relation = Relation::leads_to;
  }
  return relation;
}

}  // namespace butler::sandbox
