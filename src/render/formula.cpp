#include "render/formula.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "render/styled_text.hpp"
#include "render/unicode.hpp"

namespace butler::render {

namespace {

bool is_all_letters(std::string_view text) { return std::ranges::all_of(text, is_ascii_letter); }

bool has_mathematics(std::string_view text) {
  return text.find_first_of("\\^_={}+") != std::string_view::npos;
}

std::string_view trimmed_view(std::string_view text) {
  std::size_t begin = 0;
  std::size_t end = text.size();
  trim(text, begin, end);
  return text.substr(begin, end - begin);
}

/// Lines of a formula in a quote or a list repeat the marks and the indent of the line that opens it.
std::string without_prefix(std::string_view formula, std::size_t prefix) {
  std::string text;
  std::size_t at = 0;
  while (true) {
    const std::size_t end = formula.find('\n', at);
    text.append(formula.substr(at, end - at));
    if (end == std::string_view::npos) return text;
    text.push_back('\n');
    at = end + 1;
    for (std::size_t i = 0; i < prefix && at < formula.size() && (formula[at] == ' ' || formula[at] == '>');
         ++i)
      ++at;
  }
}

}  // namespace

std::optional<Formula> FormulaFinder::at(std::size_t at) {
  const std::string_view rest = text_.substr(at);
  if (rest.starts_with("\\[")) return delimited(at, brackets_, FormulaKind::display);
  if (rest.starts_with("\\(")) return delimited(at, parentheses_, FormulaKind::inline_formula);
  if (rest.starts_with("$$")) return delimited(at, double_dollars_, FormulaKind::display);
  return rest.starts_with("$") ? dollars(at) : std::nullopt;
}

std::optional<Formula> FormulaFinder::delimited(std::size_t at, Delimiter& delimiter, FormulaKind kind) {
  if (delimiter.missing) return std::nullopt;
  const std::size_t begin = at + delimiter.open.size();
  const std::size_t end = text_.find(delimiter.close, begin);
  delimiter.missing = end == std::string_view::npos;
  if (delimiter.missing) return std::nullopt;

  const std::string_view content = trimmed_view(text_.substr(begin, end - begin));
  const bool alone = text_[begin] == '\n' || content.size() == 1;
  const bool certain = delimiter.open == "$$";
  if (content.empty() || !(certain || alone || has_mathematics(content))) return std::nullopt;

  std::string text{content};
  if (content.contains('\n')) {
    text = trimmed_view(without_prefix(text_.substr(begin, end - begin), prefix_length(at)));
  }
  return Formula{.kind = kind,
                 .source = std::string{text_.substr(at, end + delimiter.close.size() - at)},
                 .text = std::move(text)};
}

std::size_t FormulaFinder::prefix_length(std::size_t at) const {
  const std::size_t line = text_.rfind('\n', at) + 1;
  return std::min(text_.find_first_not_of(" >", line), at) - line;
}

std::optional<Formula> FormulaFinder::dollars(std::size_t at) {
  if (at > 0 && is_ascii_alphanumeric(text_[at - 1])) return std::nullopt;
  const std::size_t begin = at + 1;
  const std::size_t end = text_.find_first_of("$\n", begin);
  if (end == std::string_view::npos || end == begin || text_[end] == '\n') return std::nullopt;
  const char next = end + 1 < text_.size() ? text_[end + 1] : ' ';
  if (is_ascii_alphanumeric(next) || next == '{' || next == '_') return std::nullopt;

  const std::string_view content = text_.substr(begin, end - begin);
  if (content.front() == ' ' || content.back() == ' ' || is_ascii_digit(content.front())) return std::nullopt;
  const bool variable = content.size() == 1 && is_all_letters(content);
  if (!variable && !has_mathematics(content)) return std::nullopt;
  return Formula{.kind = FormulaKind::inline_formula,
                 .source = std::string{text_.substr(at, end + 1 - at)},
                 .text = std::string{content}};
}

}  // namespace butler::render
