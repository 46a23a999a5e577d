#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/utf8.hpp"
#include "render/render.hpp"
#include "render/test_support.hpp"
#include "render/unicode.hpp"

/// The promises of render.hpp about a part, as a check: for the property tests and the fuzzer.
namespace butler::render {

inline bool is_atom(const Entity& entity) { return entity.type == "code" || entity.type == "pre"; }
inline bool is_quote(const Entity& entity) { return entity.type.ends_with("blockquote"); }
inline std::size_t end_of(const Entity& entity) { return entity.offset + entity.length; }

/// Why `inner` may not stand in `outer`; "" when it may.
inline std::string_view nesting_fault(const Entity& outer, const Entity& inner) {
  if (end_of(inner) > end_of(outer)) return "they overlap by half";
  if (outer.type == inner.type) return "they are of one type";
  if (is_atom(outer)) return "code holds nothing";
  if (is_quote(inner)) return "a quote stands in nothing";
  if (is_atom(inner) && !is_quote(outer)) return "only a quote holds code";
  return "";
}

/// What is wrong with an entity by itself; "" when it is right.
inline std::string_view entity_fault(const Part& part, const Entity& entity) {
  if (entity.length == 0) return "is empty";
  if (byte_of_unit(part.text, entity.offset) == std::string_view::npos) return "begins inside a character";
  if (byte_of_unit(part.text, end_of(entity)) == std::string_view::npos) return "ends inside a character";
  if (covered(part, entity).find_first_not_of(" \n") == std::string_view::npos)
    return "covers white space only";
  if ((entity.type == "text_link") != !entity.url.empty()) return "has an address that does not fit its type";
  return "";
}

/// What is wrong with a text by itself; "" when it is right.
inline std::string_view text_fault(const Part& part, std::size_t limit) {
  if (!domain::is_valid_utf8(part.text)) return "the text is not UTF-8";
  if (domain::count_utf16_units(part.text) > limit) return "the text is over its limit";
  if (is_blank(part.text)) return "the text is blank";
  if (part.text.ends_with(' ') || part.text.ends_with('\n')) return "the text ends with white space";
  if (part.entities.size() > 100) return "there are more than 100 entities";
  return "";
}

/// The first promise that the part breaks, as a sentence; "" when it keeps them all.
inline std::string illegality(const Part& part, std::size_t limit) {
  if (const auto fault = text_fault(part, limit); !fault.empty()) return std::string{fault};
  std::vector<Entity> open;
  std::size_t last_offset = 0;
  for (const Entity& entity : part.entities) {
    if (entity.offset < last_offset) return entity.type + " comes before its place";
    last_offset = entity.offset;
    if (const auto fault = entity_fault(part, entity); !fault.empty())
      return entity.type + " " + std::string{fault};
    while (!open.empty() && end_of(open.back()) <= entity.offset) open.pop_back();
    for (const Entity& outer : open) {
      const auto fault = nesting_fault(outer, entity);
      if (!fault.empty()) return entity.type + " in " + outer.type + ": " + std::string{fault};
    }
    open.push_back(entity);
  }
  return "";
}

}  // namespace butler::render
