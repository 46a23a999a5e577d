#include <utility>

#include "policy/shell_reader.hpp"

namespace butler::policy::shell {

namespace {

constexpr std::string_view word_ends = " \t\n;&|<>()";
constexpr std::string_view special_parameters = "@*#?$!-";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void Reader::add_text(Word& word, char character, bool quoted) {
  if (word.parts.empty() || word.parts.back().kind != PartKind::text || word.parts.back().quoted != quoted) {
    word.parts.push_back({.kind = PartKind::text, .quoted = quoted});
  }
  word.parts.back().text.push_back(character);
}

bool Reader::at_word() const {
  if (at_end()) return false;
  if ((peek() == '<' || peek() == '>') && peek(1) == '(') return true;
  return word_ends.find(peek()) == std::string_view::npos;
}

Word Reader::read_word() {
  Word word;
  while (at_word()) read_part(word);
  return word;
}

void Reader::read_part(Word& word) {
  const char character = peek();
  switch (character) {
    case '\\':
      ++at_;
      if (at_end()) return fail("it ends with a backslash");
      if (peek() != '\n') add_text(word, peek(), true);
      ++at_;
      return;
    case '\'': {
      const auto end = text_.find('\'', at_ + 1);
      if (end == std::string_view::npos) return fail("a quotation is not closed");
      word.parts.push_back({.quoted = true, .text = std::string{text_.substr(at_ + 1, end - at_ - 1)}});
      at_ = end + 1;
      return;
    }
    case '"': return read_double_quoted(word);
    case '`': return read_backticks(word, false);
    case '$':
      if (peek(1) == '\'') return read_ansi_quoted(word);
      if (peek(1) == '"') ++at_;
      return peek() == '"' ? read_double_quoted(word) : read_dollar(word, false);
    case '<':
    case '>': {
      at_ += 1;
      read_command_substitution(word, false);
      if (!word.parts.empty()) word.parts.back().kind = PartKind::process;
      return;
    }
    default: add_text(word, character, false); ++at_;
  }
}

void Reader::read_dollar(Word& word, bool quoted) {
  const Level level{*this};
  if (take("$((")) {
    auto expression = read_arithmetic();
    word.parts.push_back({.kind = PartKind::arithmetic,
                          .quoted = quoted,
                          .word = std::make_shared<Word>(std::move(expression))});
    return;
  }
  if (looking_at("$[")) return fail("it uses the old arithmetic $[");
  if (take("${")) return read_braced_parameter(word, quoted);
  ++at_;
  if (peek() == '(') return read_command_substitution(word, quoted);
  if (auto name = read_parameter_name(); !name.empty()) {
    word.parts.push_back({.kind = PartKind::parameter, .quoted = quoted, .text = std::move(name)});
    return;
  }
  add_text(word, '$', true);
}

/// The name after a dollar; of several digits only the first, as bash does.
std::string Reader::read_parameter_name() {
  if (at_end()) return {};
  if (!is_name_start(peek())) {
    if (!is_digit(peek()) && special_parameters.find(peek()) == std::string_view::npos) return {};
    return std::string(1, text_[at_++]);
  }
  const auto begin = at_;
  while (!at_end() && is_name(peek())) ++at_;
  return std::string{text_.substr(begin, at_ - begin)};
}

void Reader::read_braced_parameter(Word& word, bool quoted) {
  Part part{.kind = PartKind::parameter, .quoted = quoted};
  if (peek() == '#' && peek(1) != '}' && peek(1) != '\0') {
    part.operation = "length";
    ++at_;
  } else if (peek() == '!' && peek(1) != '}') {
    part.operation = "indirect";
    ++at_;
  }
  part.text = read_parameter_name();
  while (!part.text.empty() && is_digit(part.text.front()) && is_digit(peek())) part.text += text_[at_++];
  if (part.text.empty()) return fail("a ${…} names nothing");
  if (take("[")) {
    const auto end = text_.find(']', at_);
    if (end == std::string_view::npos) return fail("a subscript is not closed");
    part.subscript = std::string{text_.substr(at_, end - at_)};
    at_ = end + 1;
  }
  if (!take("}")) read_operand(part, quoted);
  word.parts.push_back(std::move(part));
}

/// What follows the name in ${name…}, up to the brace.
void Reader::read_operand(Part& part, bool quoted) {
  if (part.operation.empty()) {
    const std::size_t length =
        peek() == ':' && std::string_view{"-=?+"}.find(peek(1)) != std::string_view::npos ? 2 : 1;
    part.operation = std::string{text_.substr(at_, length)};
    at_ += part.operation.size();
  } else if (peek() != '}') {
    part.operation = "indirect";
  }
  Word operand;
  while (!at_end() && peek() != '}') {
    if (!quoted) {
      // Blanks and operators stand for themselves here.
      if (at_word()) {
        read_part(operand);
      } else {
        add_text(operand, text_[at_++], false);
      }
    } else if (peek() == '\'') {
      return fail("a quotation within ${…} can be read in two ways");
    } else if (peek() == '"') {
      read_double_quoted(operand);
    } else {
      read_quoted_character(operand, "$`\"\\}");
    }
  }
  expect("}");
  part.word = std::make_shared<Word>(std::move(operand));
}

/// One character, or one expansion, where only these can be escaped.
void Reader::read_quoted_character(Word& word, std::string_view escapable) {
  if (peek() == '$') return read_dollar(word, true);
  if (peek() == '`') return read_backticks(word, true);
  if (peek() == '\\' && at_ + 1 < text_.size()) {
    if (peek(1) == '\n') {
      at_ += 2;
      return;
    }
    if (escapable.find(peek(1)) != std::string_view::npos) ++at_;
  }
  add_text(word, text_[at_++], true);
}

void Reader::read_double_quoted(Word& word) {
  const Level level{*this};
  ++at_;
  word.parts.push_back({.quoted = true});
  while (!at_end() && peek() != '"') read_quoted_character(word, "$`\"\\");
  expect("\"");
}

char Reader::read_ansi_escape() {
  constexpr std::string_view letters = "abefnrtv";
  constexpr std::string_view meanings = "\a\b\033\f\n\r\t\v";
  const char letter = text_[at_++];
  if (const auto found = letters.find(letter); found != std::string_view::npos) return meanings[found];
  int value = 0;
  if (letter == 'x') {
    int digits = 0;
    for (; digits < 2 && hex_value(peek()) >= 0; ++digits) value = value * 16 + hex_value(text_[at_++]);
    if (digits == 0) fail("an escape in $'…' is not understood");
  } else if (letter >= '0' && letter <= '7') {
    value = letter - '0';
    for (int digits = 1; digits < 3 && peek() >= '0' && peek() <= '7'; ++digits)
      value = value * 8 + (text_[at_++] - '0');
  } else if (std::string_view{"\\'\"?"}.find(letter) != std::string_view::npos) {
    return letter;
  } else {
    fail("an escape in $'…' is not understood");
  }
  if (value <= 0 || value > 255) fail("an escape in $'…' ends the text");
  return static_cast<char>(value);
}

void Reader::read_ansi_quoted(Word& word) {
  at_ += 2;
  word.parts.push_back({.quoted = true});
  while (!at_end() && peek() != '\'') {
    if (peek() != '\\') {
      add_text(word, text_[at_++], true);
      continue;
    }
    ++at_;
    if (at_end()) break;
    const char character = read_ansi_escape();
    add_text(word, character, true);
  }
  expect("'");
}

void Reader::read_backticks(Word& word, bool quoted) {
  const Level level{*this};
  ++at_;
  std::string inner;
  while (!at_end() && peek() != '`') {
    const bool escaped =
        peek() == '\\' && (peek(1) == '`' || peek(1) == '\\' || peek(1) == '$' || (quoted && peek(1) == '"'));
    if (escaped) ++at_;
    if (!at_end()) inner.push_back(text_[at_++]);
  }
  expect("`");
  auto parsed = parse(inner, depth_);
  word.parts.push_back({.kind = PartKind::command,
                        .quoted = quoted,
                        .script = std::make_shared<Script>(std::move(parsed.script))});
  if (!parsed.problem.empty()) fail(parsed.problem);
}

/// At the opening parenthesis.
void Reader::read_command_substitution(Word& word, bool quoted) {
  const Level level{*this};
  if (!pending_.empty()) fail("a substitution stands between a here-document and its lines");
  expect("(");
  word.parts.push_back({.kind = PartKind::command, .quoted = quoted});
  auto script = read_list();
  if (!pending_.empty()) fail("a here-document has no lines");
  expect(")");
  word.parts.back().script = std::make_shared<Script>(std::move(script));
}

/// After the two parentheses, to behind those that close.
Word Reader::read_arithmetic() {
  Word expression;
  int open = 0;
  while (!at_end() && (open > 0 || peek() != ')')) {
    if (peek() == '(') ++open;
    if (peek() == ')') --open;
    if (peek() == '\'' || peek() == '"') {
      fail("quotation marks stand in arithmetic");
      break;
    }
    read_quoted_character(expression, "$`\\");
  }
  expect("))");
  return expression;
}

Word Reader::read_quoted_text() {
  Word word;
  while (!at_end()) read_quoted_character(word, "$`\\");
  return word;
}

std::string literal(const Word& word) {
  std::string text;
  for (const auto& part : word.parts) {
    if (part.kind != PartKind::text) return {};
    text += part.text;
  }
  return text;
}

}  // namespace butler::policy::shell
