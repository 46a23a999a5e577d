#include <algorithm>
#include <array>
#include <cctype>

#include "policy/programs.hpp"

/// sed and awk: little languages that can write files and run programs. A part of each is understood.
namespace butler::policy {

namespace {

/// Whether a sed script holds only commands that print, change and delete lines of its own text. Everything
/// else, also what sed itself would refuse, is not.
class SedScript {
 public:
  explicit SedScript(std::string_view text) : text_(text) {}

  bool is_plain() {
    while (at_ < text_.size()) {
      skip(" \t\n;");
      if (at_ >= text_.size()) return true;
      if (!read_addresses() || !read_command()) return false;
    }
    return true;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip(std::string_view characters) {
    while (at_ < text_.size() && characters.find(text_[at_]) != std::string_view::npos) ++at_;
  }

  bool read_addresses() {
    for (;;) {
      if (peek() == '/') {
        if (!read_delimited('/')) return false;
        skip("IM");
      } else if (std::isdigit(static_cast<unsigned char>(peek())) != 0 || peek() == '$' || peek() == '+' ||
                 peek() == '~') {
        skip("0123456789$+~");
      } else {
        break;
      }
      skip(" ");
      if (peek() != ',') break;
      ++at_;
      skip(" ");
    }
    skip(" !");
    return true;
  }

  /// At the first delimiter; behind the second afterwards.
  bool read_delimited(char delimiter) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '[') {
        // Whether a delimiter in brackets ends the expression is not the same for every sed.
        const auto close = text_[at_ + 1 < text_.size() ? at_ + 1 : at_] == '^' ? std::string_view::npos
                                                                                : text_.find(']', at_ + 2);
        if (close == std::string_view::npos ||
            text_.substr(at_, close - at_).find(delimiter) != std::string_view::npos)
          return false;
        at_ = close;
      } else if (text_[at_] == delimiter) {
        ++at_;
        return true;
      } else if (text_[at_] == '\n') {
        return false;
      }
    }
    return false;
  }

  bool read_command() {
    const char command = peek();
    ++at_;
    if (std::string_view{"pdqQnNDPhHgGxl=}{"}.find(command) != std::string_view::npos) {
      if (command == '{' || command == '}') return true;
      skip(" 0123456789");
      return peek() == '\0' || peek() == ';' || peek() == '\n' || peek() == '}';
    }
    if (command != 's' && command != 'y') return false;
    const char delimiter = peek();
    if (delimiter == '\0' || delimiter == '\n' || delimiter == '\\') return false;
    if (!read_delimited(delimiter)) return false;
    --at_;  // the middle one closes and opens
    if (!read_delimited(delimiter)) return false;
    if (command == 's') skip("gpiI0123456789");
    skip(" ");
    return peek() == '\0' || peek() == ';' || peek() == '\n' || peek() == '}';
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void note_script(Walk& walk, const Call& call, const Argument& script) {
  const auto* const text = script.plain() != nullptr ? script.plain() : nullptr;
  if (text == nullptr || !SedScript{*text}.is_plain()) {
    walk.note_hidden(call, "runs a sed script that can write files or run programs");
  }
}

void edit_stream(Walk& walk, const Call& call) {
  // -i takes its suffix glued, never as the next word.
  auto found = read_options(call.arguments, "e|f|l|--expression|--file|--line-length");
  bool in_place = false;
  bool has_script = false;
  for (const auto& option : found.options) {
    in_place = in_place || option.name == "-i" || std::string_view{"--in-place"}.starts_with(option.name);
    if (lists_option("e|--expression", option.name)) {
      has_script = true;
      note_script(walk, call, option.value);
    } else if (lists_option("f|--file", option.name)) {
      has_script = true;
      walk.note_execution(call, option.value);
    } else if (!lists_option("n|E|r|s|u|z|i|l|--quiet|--silent|--regexp-extended|--in-place|--separate|--"
                             "null-data|--posix|--debug|--sandbox|--line-length",
                             option.name)) {
      if (!in_place) walk.note_hidden(call, "uses sed " + option.name + ", which was not looked into");
    }
  }
  for (const auto& argument : call.arguments) {
    const auto* const text = argument.plain();
    // The suffix of the copies can name another folder.
    if (text != nullptr && in_place && text->starts_with('-') && text->find('/') != std::string::npos &&
        text->find('i') < text->find('/')) {
      if (!has_script || text->starts_with("-i") || text->starts_with("--in"))
        walk.note_hidden(call, "keeps copies in another folder");
    }
  }
  if (found.uncertain) walk.note_hidden(call, "has an argument that may also be an option");
  auto& operands = found.operands;
  if (!has_script && !operands.empty()) {
    // A script in quotation marks looks like a pattern of names when it is not quoted; then it is none.
    note_script(walk, call, operands.front());
    operands.erase(operands.begin());
  }
  walk.note(call, CommandClass::read, "runs sed");
  for (const auto& operand : operands)
    walk.note_path(call, operand, in_place ? Access::write : Access::read, false);
}

/// Whether an awk program does nothing but print what it reads and calculates.
bool is_plain_awk(std::string_view program) {
  constexpr std::array<std::string_view, 9> dangerous{"system",  "getline", "@",        "ARGV",  "ARGC",
                                                      "ENVIRON", "close",   "PROCINFO", "SYMTAB"};
  if (std::ranges::any_of(dangerous, [&](auto word) { return program.find(word) != std::string_view::npos; }))
    return false;
  // A pipe, and a > that is not a comparison in a pattern, lead out of it.
  // With a slash, quotation marks may belong to an expression: then they hide nothing.
  int braces = 0;
  bool in_text = false;
  const bool has_expression = program.find('/') != std::string_view::npos;
  for (std::size_t i = 0; i < program.size(); ++i) {
    const char character = program[i];
    if (in_text) {
      if (character == '\\') {
        ++i;
      } else if (character == '"') {
        in_text = false;
      }
      continue;
    }
    if (character == '"') {
      in_text = !has_expression;
    } else if (character == '{') {
      ++braces;
    } else if (character == '}') {
      --braces;
    } else if (character == '|') {
      if (program.substr(i, 2) != "||") return false;
      ++i;
    } else if (character == '>' && (braces != 0 || has_expression)) {
      return false;
    }
  }
  return !in_text;
}

void process_fields(Walk& walk, const Call& call) {
  const auto found = read_leading_options(
      call.arguments,
      "F|v|f|e|i|l|E|o|p|d|--field-separator|--assign|--file|--source|--include|--load|--exec");
  bool from_file = false;
  for (const auto& option : found.options) {
    if (lists_option("f|E|--file|--exec", option.name)) {
      from_file = true;
      walk.note_execution(call, option.value);
    } else if (!lists("-F|-v|--field-separator|--assign|--version|--posix|--csv", option.name)) {
      walk.note_hidden(
          call, "uses " + call.name + ' ' + option.name + ", which can run a program or was not looked into");
    }
  }
  if (found.uncertain) walk.note_hidden(call, "has an argument that may also be an option");
  std::size_t first = 0;
  if (!from_file && !found.operands.empty()) {
    first = 1;
    const auto* const program = found.operands.front().plain();
    if (program == nullptr || !is_plain_awk(*program)) {
      walk.note_hidden(call, "runs an awk program that can write files or run programs");
    }
  }
  walk.note(call, CommandClass::read, "runs " + call.name);
  for (std::size_t i = first; i < found.operands.size(); ++i)
    walk.note_path(call, found.operands[i], Access::read, false);
}

constexpr std::array texts_table{
    Program{"sed", edit_stream},     Program{"gsed", edit_stream},    Program{"awk", process_fields},
    Program{"gawk", process_fields}, Program{"mawk", process_fields}, Program{"nawk", process_fields},
};

}  // namespace

std::span<const Program> text_programs() { return texts_table; }

}  // namespace butler::policy
