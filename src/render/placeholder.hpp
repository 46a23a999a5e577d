#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace butler::render {

enum class FormulaKind : std::uint8_t { inline_formula, display };

struct Formula {
  FormulaKind kind = FormulaKind::inline_formula;
  std::string source;  ///< with its delimiters, as written
  std::string text;
};

/// A run of text, or a formula, of what the parser gives back.
struct Piece {
  std::string text = {};
  const Formula* formula = nullptr;
};

/// Stand-ins that hide from the Markdown parser what it must not read as markup. They are made of
/// noncharacters (U+FDD0–FDEF, set aside by Unicode for use inside a program), which clean() has taken out of
/// the input, and which are neither space nor punctuation to the parser.
class Placeholders {
 public:
  /// Stands for a character that is to stay as it is: one of * _ [ ].
  static std::string_view literal(char c);

  /// Stands for nothing: a letter in the eyes of the parser, between a delimiter and its neighbour.
  static std::string_view glue();

  /// Stands for a formula.
  std::string add(Formula formula);

  /// Text as the parser gave it → text to show and formulas, in order. Formulas live as long as this object.
  std::vector<Piece> resolve(std::string_view text) const;

  /// The Markdown as it was written: for code and addresses, where a formula is none.
  std::string restore(std::string_view text) const;

 private:
  const Formula* read_formula(std::string_view text, std::size_t& at) const;

  std::vector<Formula> formulas_;
};

}  // namespace butler::render
