#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>

#include "policy/walk.hpp"

/// Words to arguments: what bash's expansions make of them.
namespace butler::policy {

namespace {

using shell::Part;
using shell::PartKind;
using shell::Word;

constexpr std::size_t most_words_of_braces = 64;
constexpr std::size_t most_texts = 16;
constexpr std::size_t longest_text = 64UL * 1024;
constexpr std::array<std::string_view, 12> numbers{
    "?", "#", "$", "!", "RANDOM", "SECONDS", "LINENO", "UID", "EUID", "PPID", "COLUMNS", "EPOCHSECONDS"};

Argument anything() { return {.texts = {""}, .dynamic = true}; }

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.size() < 20 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Where a brace expansion stands in the text parts of a word.
struct Braces {
  std::size_t open_part = 0;
  std::size_t open = 0;
  std::vector<std::pair<std::size_t, std::size_t>> commas;  ///< part, character
  std::size_t close_part = 0;
  std::size_t close = 0;
  bool sequence = false;
};

/// The innermost braces first: those that close first.
bool find_braces(const Word& word, Braces& found) {
  std::vector<Braces> open;
  for (std::size_t p = 0; p < word.parts.size(); ++p) {
    const auto& part = word.parts[p];
    if (part.kind != PartKind::text || part.quoted) continue;
    for (std::size_t i = 0; i < part.text.size(); ++i) {
      const char character = part.text[i];
      if (character == '{') open.push_back({.open_part = p, .open = i, .commas = {}});
      if (open.empty()) continue;
      if (character == ',') open.back().commas.emplace_back(p, i);
      if (character == '.' && part.text.substr(i, 2) == "..") open.back().sequence = true;
      if (character != '}') continue;
      if (!open.back().commas.empty() || open.back().sequence) {
        found = open.back();
        found.close_part = p;
        found.close = i;
        return true;
      }
      open.pop_back();
    }
  }
  return false;
}

/// The parts between two places, the first character included, the last not.
void copy_parts(const Word& from, std::size_t begin_part, std::size_t begin, std::size_t end_part,
                std::size_t end, Word& into) {
  for (std::size_t p = begin_part; p <= end_part && p < from.parts.size(); ++p) {
    auto part = from.parts[p];
    if (part.kind == PartKind::text && (p == begin_part || p == end_part)) {
      const auto first = p == begin_part ? begin : 0;
      const auto last = p == end_part ? end : part.text.size();
      part.text = part.text.substr(first, last - first);
      if (part.text.empty() && !part.quoted) continue;
    } else if (p == end_part) {
      continue;
    }
    into.parts.push_back(std::move(part));
  }
}

/// The words that {a,b} makes of one; false when they are too many, or a sequence, which is not counted out.
bool expand_braces(const Word& word, std::vector<Word>& out) {
  std::vector<Word> waiting{word};
  while (!waiting.empty()) {
    auto current = std::move(waiting.back());
    waiting.pop_back();
    Braces braces;
    if (!find_braces(current, braces)) {
      out.push_back(std::move(current));
      if (out.size() > most_words_of_braces) return false;
      continue;
    }
    if (braces.commas.empty()) return false;
    auto ends = braces.commas;
    ends.emplace_back(braces.close_part, braces.close);
    auto part = braces.open_part;
    auto at = braces.open + 1;
    std::vector<Word> made;
    for (const auto& [end_part, end] : ends) {
      Word one;
      copy_parts(current, 0, 0, braces.open_part, braces.open, one);
      copy_parts(current, part, at, end_part, end, one);
      copy_parts(current, braces.close_part, braces.close + 1, current.parts.size(), 0, one);
      made.push_back(std::move(one));
      part = end_part;
      at = end + 1;
    }
    std::ranges::move(made.rbegin(), made.rend(), std::back_inserter(waiting));
    if (waiting.size() > most_words_of_braces) return false;
  }
  return true;
}

}  // namespace

Arguments Walk::expand(const std::vector<Word>& words) {
  Arguments out;
  for (const auto& word : words) expand(word, out);
  return out;
}

void Walk::expand(const Word& word, Arguments& out) {
  Braces braces;
  if (!find_braces(word, braces)) {
    const bool alone = word.parts.size() == 1;
    Argument argument{.texts = {""}};
    Arguments split;
    for (std::size_t i = 0; i < word.parts.size(); ++i) append(argument, word.parts[i], i == 0, alone, split);
    if (split.empty()) return out.push_back(std::move(argument));
    return static_cast<void>(std::ranges::move(split, std::back_inserter(out)));
  }
  std::vector<Word> words;
  if (!expand_braces(word, words)) {
    expand_one(word);  // for the substitutions in it
    auto argument = anything();
    argument.several = true;
    return out.push_back(std::move(argument));
  }
  for (const auto& one : words) expand(one, out);
}

/// As bash does where it makes no more than one word of it: in assignments, redirections and here-documents.
Argument Walk::expand_one(const Word& word) {
  Argument argument{.texts = {""}};
  Arguments split;
  for (std::size_t i = 0; i < word.parts.size(); ++i) append(argument, word.parts[i], i == 0, false, split);
  argument.several = false;
  return argument;
}

void Walk::append(Argument& argument, const Part& part, bool first, bool alone, Arguments& split) {
  switch (part.kind) {
    case PartKind::text: return append_text(argument, part, first);
    case PartKind::arithmetic:
      check_arithmetic(*part.word);
      // Any number: "0" stands for them, and "-1" where the sign could make an option of it.
      return append_value(
          argument, {.texts = first ? std::vector<std::string>{"0", "-1"} : std::vector<std::string>{"0"}});
    case PartKind::command:
      in_subshell([&] {
        if (part.script != nullptr) walk(*part.script);
      });
      argument.several = argument.several || !part.quoted;
      return append_value(argument, anything());
    case PartKind::process:
      in_subshell([&] {
        if (part.script != nullptr) walk(*part.script);
      });
      return append_value(argument, {.texts = {"/dev/fd/63"}});
    case PartKind::parameter: break;
  }
  auto value = parameter(part);
  if (!part.quoted) {
    const bool blanks = std::ranges::any_of(value.texts, [](auto& text) {
      return text.empty() || text.find_first_of(" \t\n") != std::string::npos;
    });
    if (blanks && alone && value.plain() != nullptr) {
      // What the text is split into; all of it may have been an option or a name of its own.
      const std::string text = *value.plain();
      for (std::size_t at = text.find_first_not_of(" \t\n"); at != std::string::npos;) {
        const auto end = std::min(text.find_first_of(" \t\n", at), text.size());
        const auto word = text.substr(at, end - at);
        split.push_back({.texts = {word}, .wildcard = has_wildcard(word)});
        at = text.find_first_not_of(" \t\n", end);
      }
      if (split.empty()) argument.several = true;
      return;
    }
    if (blanks && !value.dynamic) value = anything();
    value.several = value.several || value.dynamic;
    value.wildcard =
        value.wildcard || std::ranges::any_of(value.texts, [](auto& text) { return has_wildcard(text); });
  }
  append_value(argument, value);
}

void Walk::append_text(Argument& argument, const Part& part, bool first) {
  std::string text = part.text;
  if (!part.quoted) {
    if (has_wildcard(text) && text != "[") argument.wildcard = true;
    if (first && text.starts_with('~')) {
      const auto end = std::min(text.find('/'), text.size());
      const auto user = text.substr(1, end - 1);
      if (user.empty() && !folders_.agent_home.empty()) {
        text = folders_.agent_home + text.substr(end);
      } else if (user.empty()) {
        text = "/home/somebody" + text.substr(end);
      } else if (user == "+" || user == "-") {
        return append_value(argument, anything());
      } else {
        text = "/home/" + user + text.substr(end);
      }
    }
  }
  if (!part.quoted && first) {
    // In an argument like if=~/x bash takes the ~ for the home as well.
    const auto name =
        text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    const bool assigns = name != std::string::npos && name > 0 && text[name] == '=';
    const auto home = std::min(text.find("=~"), text.find(":~"));
    if (assigns && home != std::string::npos) {
      return append_value(argument, {.texts = {text.substr(0, home + 1)}, .dynamic = true});
    }
  }
  append_value(argument, {.texts = {std::move(text)}});
}

/// Each of the beginnings with each of the ends.
void Walk::append_value(Argument& argument, const Argument& value) {
  argument.wildcard = argument.wildcard || value.wildcard;
  argument.several = argument.several || value.several;
  if (argument.dynamic) return;
  std::vector<std::string> texts;
  for (const auto& begin : argument.texts) {
    for (const auto& end : value.texts) texts.push_back(begin + end);
  }
  argument.dynamic = value.dynamic;
  const bool too_long = !texts.empty() && texts.front().size() > longest_text;
  if (texts.size() > most_texts || too_long) {
    texts = {""};
    argument.dynamic = true;
  }
  argument.texts = std::move(texts);
}

Argument Walk::parameter(const Part& part) {
  Argument operand{.texts = {""}};
  if (part.word != nullptr) operand = expand_one(*part.word);
  if (!part.subscript.empty() && part.subscript != "@" && part.subscript != "*")
    check_arithmetic_text(part.subscript);
  const auto& operation = part.operation;
  if (operation == "length") return {.texts = {"0"}};
  if (operation == "@" || operation == "indirect") {
    // ${x@P} runs what the value holds; ${!x} reads whatever it names.
    give_up("expands a variable in a way that can run what it holds");
    return anything();
  }
  auto value = variable(part.text);
  if (operation.empty()) {
    if (!part.subscript.empty() && part.subscript != "@" && part.subscript != "*") value.several = false;
    if (part.text == "@" || part.text == "*" || part.subscript == "@" || part.subscript == "*")
      value.several = true;
    return value;
  }
  if (operation == ":?" || operation == "?") return value;
  if (operation == ":-" || operation == "-" || operation == ":=" || operation == "=" || operation == ":+" ||
      operation == "+") {
    Argument either = operation.ends_with('+') ? Argument{.texts = {""}} : std::move(value);
    either.texts.insert(either.texts.end(), operand.texts.begin(), operand.texts.end());
    either.dynamic = either.dynamic || operand.dynamic;
    either.wildcard = either.wildcard || operand.wildcard;
    if (either.dynamic) either.texts = {""};
    if (operation.ends_with('=')) {
      if (operand.plain() == nullptr) give_up("gives a variable a value that is known only when it runs");
      set_variable(part.text, either);
    }
    return either;
  }
  if (operation == ":") check_arithmetic_text(operand.plain() != nullptr ? *operand.plain() : "[");
  return anything();
}

Argument Walk::variable(const std::string& name) {
  if (std::ranges::find(numbers, name) != numbers.end() && !state_.variables.contains(name))
    return {.texts = {"0"}};
  if (const auto found = state_.variables.find(name); found != state_.variables.end()) return found->second;
  if (name == "PWD" && !state_.folders.empty()) return {.texts = state_.folders};
  if (state_.forgotten) return anything();
  if (name == "HOME" && !folders_.agent_home.empty()) return {.texts = {folders_.agent_home}};
  if (name == "TMPDIR" && !folders_.scratch.empty()) return {.texts = {folders_.scratch}};
  auto value = anything();
  value.several = name == "@" || name == "*";
  return value;
}

/// Arithmetic runs the substitutions in a subscript, also of a text that a variable holds: only numbers are
/// harmless.
void Walk::check_arithmetic(const Word& expression) {
  std::string text;
  for (const auto& part : expression.parts) {
    if (part.kind == PartKind::text) {
      text += part.text;
      continue;
    }
    const auto value = expand_one({{part}});
    const bool numeric =
        !value.dynamic && std::ranges::all_of(value.texts, [](auto& one) { return is_number(one); });
    if (!numeric) give_up("calculates with a value that is known only when it runs");
    text += " 0 ";
  }
  check_arithmetic_text(text);
}

void Walk::check_arithmetic_text(std::string_view text) {
  if (text.find_first_of("[$`\\") != std::string_view::npos) give_up("calculates with a subscript");
  const bool assigns = text.find('=') != std::string_view::npos ||
                       text.find("++") != std::string_view::npos || text.find("--") != std::string_view::npos;
  for (std::size_t i = 0; i < text.size();) {
    if (std::isalnum(static_cast<unsigned char>(text[i])) == 0 && text[i] != '_') {
      ++i;
      continue;
    }
    const auto begin = i;
    while (i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) != 0 || text[i] == '_')) ++i;
    const std::string name{text.substr(begin, i - begin)};
    if (std::isdigit(static_cast<unsigned char>(name.front())) != 0) continue;
    const auto found = state_.variables.find(name);
    if (found != state_.variables.end() || state_.forgotten) {
      const auto value = variable(name);
      const bool numeric = !value.dynamic && std::ranges::all_of(value.texts, [](auto& one) {
        return one.empty() || is_number(one);
      });
      if (!numeric) give_up("calculates with a value that is known only when it runs");
    }
    if (assigns) {
      Argument value{.texts = {"0"}};
      if (found != state_.variables.end() && !found->second.dynamic) {
        // Only some of the names are assigned to; the others keep what they have.
        value.texts = found->second.texts;
        if (std::ranges::find(value.texts, "0") == value.texts.end()) value.texts.emplace_back("0");
      }
      set_variable(name, std::move(value));
    }
  }
}

}  // namespace butler::policy
