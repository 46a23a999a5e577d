#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "domain/utf8.hpp"
#include "render/render.hpp"
#include "render/unicode.hpp"

namespace butler::render {

/// The byte of `text` that a number of UTF-16 units leads to; npos when that is beyond the text or inside of
/// a surrogate pair.
inline std::size_t byte_of_unit(std::string_view text, std::size_t unit) {
  std::size_t units = 0;
  std::size_t at = 0;
  while (at < text.size() && units < unit) {
    const CodePoint point = code_point_at(text, at);
    units += point.value > 0xFFFF ? 2 : 1;
    at += point.length;
  }
  return units == unit ? at : std::string_view::npos;
}

/// What the entity covers.
inline std::string_view covered(const Part& part, const Entity& entity) {
  const std::size_t begin = byte_of_unit(part.text, entity.offset);
  const std::size_t end = byte_of_unit(part.text, entity.offset + entity.length);
  return std::string_view{part.text}.substr(begin, end - begin);
}

/// "bold[T] pre:sh[ls] text_link:https://e.x[here]": the entities with what they cover.
inline std::string entities_of(const Part& part) {
  std::string line;
  for (const Entity& entity : part.entities) {
    line.append(line.empty() ? "" : " ").append(entity.type);
    const std::string detail = entity.url + entity.language;
    if (!detail.empty()) line.append(":").append(detail);
    line.append("[").append(covered(part, entity)).append("]");
  }
  return line;
}

inline void PrintTo(const Entity& entity, std::ostream* out) {
  *out << entity.type << '[' << entity.offset << '+' << entity.length << ']' << entity.url << entity.language;
}

inline void PrintTo(const Part& part, std::ostream* out) {
  *out << '"' << part.text << "\" " << entities_of(part);
}

}  // namespace butler::render
