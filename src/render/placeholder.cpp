#include "render/placeholder.hpp"

#include <charconv>
#include <utility>

#include "render/unicode.hpp"

namespace butler::render {

namespace {

constexpr std::string_view literals = "*_[]";
constexpr char32_t first_literal = 0xFDD0;
constexpr char32_t glue_mark = 0xFDD8;
constexpr char32_t formula_begin = 0xFDD9;
constexpr char32_t formula_end = 0xFDDA;

constexpr std::string_view glue_bytes = "\xEF\xB7\x98";
constexpr std::string_view formula_begin_bytes = "\xEF\xB7\x99";
constexpr std::string_view formula_end_bytes = "\xEF\xB7\x9A";
constexpr char noncharacter_lead = '\xEF';

}  // namespace

std::string_view Placeholders::literal(char c) {
  switch (c) {
    case '*': return "\xEF\xB7\x90";
    case '_': return "\xEF\xB7\x91";
    case '[': return "\xEF\xB7\x92";
    default: return "\xEF\xB7\x93";
  }
}

std::string_view Placeholders::glue() { return glue_bytes; }

std::string Placeholders::add(Formula formula) {
  std::string mark{formula_begin_bytes};
  mark.append(std::to_string(formulas_.size())).append(formula_end_bytes);
  formulas_.push_back(std::move(formula));
  return mark;
}

/// `at` is behind the begin mark, and moves behind the end mark when a known formula stands between them.
const Formula* Placeholders::read_formula(std::string_view text, std::size_t& at) const {
  std::size_t index = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data() + at, end, index);
  const auto digits_end = static_cast<std::size_t>(after - text.data());
  if (error != std::errc{} || index >= formulas_.size()) return nullptr;
  if (code_point_at(text, digits_end).value != formula_end) return nullptr;
  at = digits_end + formula_end_bytes.size();
  return &formulas_[index];
}

std::vector<Piece> Placeholders::resolve(std::string_view text) const {
  std::vector<Piece> pieces;
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != noncharacter_lead) {
      plain.push_back(text[at++]);
      continue;
    }
    const CodePoint point = code_point_at(text, at);
    const std::size_t begin = at;
    at += point.length;
    if (point.value >= first_literal && point.value < first_literal + literals.size()) {
      plain.push_back(literals[point.value - first_literal]);
    } else if (point.value == formula_begin) {
      if (const Formula* const formula = read_formula(text, at)) {
        if (!plain.empty()) pieces.push_back({.text = std::exchange(plain, {})});
        pieces.push_back({.formula = formula});
      }
    } else if (point.value != glue_mark && point.value != formula_end) {
      plain.append(text, begin, point.length);
    }
  }
  if (!plain.empty()) pieces.push_back({.text = std::move(plain)});
  return pieces;
}

std::string Placeholders::restore(std::string_view text) const {
  std::string source;
  for (const Piece& piece : resolve(text)) source.append(piece.formula ? piece.formula->source : piece.text);
  return source;
}

}  // namespace butler::render
