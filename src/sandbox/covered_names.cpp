#include "sandbox/covered_names.hpp"

#include <strings.h>

#include <algorithm>

namespace butler::sandbox {

namespace {

/// True when `begin` is all of `text`, or a part of it up to a slash.
bool is_or_begins(std::string_view begin, std::string_view text) {
  if (text.size() < begin.size() || ::strncasecmp(text.data(), begin.data(), begin.size()) != 0) return false;
  return text.size() == begin.size() || text[begin.size()] == '/';
}

}  // namespace

Relation relation_of(std::string_view name, const CoveredNames& names) {
  bool leads_to = false;
  std::size_t closed = 0;
  std::size_t open = 0;
  for (const auto& cover : names.covered) {
    if (is_or_begins(cover, name)) closed = std::max(closed, cover.size());
    leads_to = leads_to || is_or_begins(name, cover);
  }
  for (const auto& opened : names.opened) {
    if (is_or_begins(opened, name)) open = std::max(open, opened.size());
  }
  if (closed > open) return Relation::covered;
  return leads_to ? Relation::leads_to : Relation::free;
}

}  // namespace butler::sandbox
