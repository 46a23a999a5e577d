#include "policy/shell_parser.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "policy/shell_reader.hpp"

namespace butler::policy::shell {

namespace {

constexpr std::size_t longest_shown = 120;
constexpr std::string_view delimiters = " \t\n;&|<>()";

constexpr std::array<std::string_view, 8> list_ends{"then", "elif", "else", "fi", "do", "done", "esac", "}"};
constexpr std::array<std::string_view, 5> declarations{"declare", "typeset", "export", "local", "readonly"};

}  // namespace

Reader::Level::Level(Reader& reader) : reader_(reader) {
  if (++reader_.depth_ > deepest_nesting) reader_.fail("it is nested too deeply");
}

bool Reader::take(std::string_view token) {
  if (!looking_at(token)) return false;
  at_ += token.size();
  return true;
}

void Reader::expect(std::string_view token) {
  if (!take(token)) fail("a '" + std::string{token} + "' is missing");
}

void Reader::fail(std::string_view why) {
  if (problem_.empty()) problem_ = why;
  at_ = text_.size();
}

void Reader::skip_blanks() {
  while (!at_end()) {
    if (peek() == ' ' || peek() == '\t') {
      ++at_;
    } else if (looking_at("\\\n")) {
      at_ += 2;
    } else if (peek() == '#') {
      while (!at_end() && peek() != '\n') ++at_;
    } else {
      return;
    }
  }
}

void Reader::skip_newlines() {
  for (skip_blanks(); peek() == '\n' && !at_end(); skip_blanks()) {
    ++at_;
    read_here_documents();
  }
}

std::string_view Reader::peek_keyword() const {
  auto end = std::min(text_.find_first_of(delimiters, at_), text_.size());
  if (peek() == '}') end = std::min(end, at_ + 1);
  return text_.substr(at_, end - at_);
}

bool Reader::take_keyword(std::string_view keyword) {
  skip_newlines();
  if (at_end() || peek_keyword() != keyword) return false;
  at_ += keyword.size();
  return true;
}

void Reader::expect_keyword(std::string_view keyword) {
  if (!take_keyword(keyword)) fail("a '" + std::string{keyword} + "' is missing");
}

bool Reader::at_list_end() const {
  if (at_end() || peek() == ')' || looking_at(";;") || looking_at(";&")) return true;
  return std::ranges::find(list_ends, peek_keyword()) != list_ends.end();
}

Script Reader::read_list() {
  const Level level{*this};
  Script script;
  for (skip_newlines(); !at_list_end(); skip_newlines()) {
    const auto begin = at_;
    script.pipelines.push_back(read_pipeline());
    if (at_ == begin) fail("something stands where a command should");
    auto& next = script.pipelines.back().next;
    skip_blanks();
    const bool at_case_end = looking_at(";;") || looking_at(";&");
    if (take("&&")) {
      next = Connector::and_then;
    } else if (take("||")) {
      next = Connector::or_else;
    } else if (!at_case_end && (take(";") || peek() == '\n')) {
      next = Connector::sequence;
    } else if (take("&")) {
      next = Connector::background;
    } else {
      if (!at_case_end && !at_list_end()) fail("something stands where a command should end");
      break;
    }
  }
  return script;
}

Pipeline Reader::read_pipeline() {
  Pipeline pipeline;
  while (!at_end() && (peek_keyword() == "!" || peek_keyword() == "time")) {
    at_ += peek_keyword().size();
    skip_blanks();
    if (peek_keyword() == "-p") at_ += 2;
    skip_blanks();
  }
  if (at_list_end()) return pipeline;
  for (;;) {
    pipeline.commands.push_back(read_command());
    skip_blanks();
    if (looking_at("||") || !take("|")) return pipeline;
    take("&");
    skip_newlines();
    if (at_list_end()) {
      fail("a pipe leads nowhere");
      return pipeline;
    }
  }
}

Command Reader::read_command() {
  const Level level{*this};
  skip_blanks();
  const auto begin = at_;
  Command command;
  const auto keyword = peek_keyword();
  if (take("((")) {
    command.kind = CommandKind::arithmetic;
    command.words.push_back(read_arithmetic());
  } else if (take("(")) {
    command.kind = CommandKind::subshell;
    command.bodies.push_back(std::make_shared<Script>(read_list()));
    expect(")");
  } else {
    command = read_compound(keyword);
  }
  if (command.kind != CommandKind::simple) read_redirects(command);
  command.text = std::string{text_.substr(begin, std::min(at_ - begin, longest_shown))};
  return command;
}

Command Reader::read_compound(std::string_view keyword) {
  if (keyword == "{") {
    Command command{.kind = CommandKind::group};
    at_ += 1;
    command.bodies.push_back(std::make_shared<Script>(read_list()));
    expect_keyword("}");
    return command;
  }
  if (keyword == "if") return read_if();
  if (keyword == "while" || keyword == "until") return read_loop(keyword);
  if (keyword == "for" || keyword == "select") return read_for();
  if (keyword == "case") return read_case();
  if (keyword == "function") return read_function();
  if (keyword == "[[") return read_condition();
  if (keyword == "coproc") {
    fail("it uses coproc");
    return {};
  }
  return read_simple();
}

Command Reader::read_if() {
  Command command{.kind = CommandKind::branch};
  expect_keyword("if");
  command.bodies.push_back(std::make_shared<Script>(read_list()));
  expect_keyword("then");
  command.bodies.push_back(std::make_shared<Script>(read_list()));
  while (!at_end() && take_keyword("elif")) {
    command.bodies.push_back(std::make_shared<Script>(read_list()));
    expect_keyword("then");
    command.bodies.push_back(std::make_shared<Script>(read_list()));
  }
  if (take_keyword("else")) {
    command.always_one_body = true;
    command.bodies.push_back(std::make_shared<Script>(read_list()));
  }
  expect_keyword("fi");
  return command;
}

Command Reader::read_loop(std::string_view keyword) {
  Command command{.kind = CommandKind::loop};
  expect_keyword(keyword);
  command.bodies.push_back(std::make_shared<Script>(read_list()));
  expect_keyword("do");
  command.bodies.push_back(std::make_shared<Script>(read_list()));
  expect_keyword("done");
  return command;
}

Command Reader::read_for() {
  Command command{.kind = CommandKind::loop};
  at_ += peek_keyword().size();
  skip_blanks();
  if (take("((")) {
    command.words.push_back(read_arithmetic());
    command.name = "((";
  } else {
    const auto begin = at_;
    while (!at_end() && is_name(peek())) ++at_;
    command.name = std::string{text_.substr(begin, at_ - begin)};
    if (command.name.empty()) fail("a loop has no variable");
    if (take_keyword("in")) {
      for (skip_blanks(); at_word(); skip_blanks()) command.words.push_back(read_word());
    } else {
      command.words.push_back({{{.kind = PartKind::parameter, .text = "@"}}});
    }
  }
  skip_blanks();
  take(";");
  const bool braces = take_keyword("{");
  if (!braces) expect_keyword("do");
  command.bodies.push_back(std::make_shared<Script>(read_list()));
  expect_keyword(braces ? "}" : "done");
  return command;
}

Command Reader::read_case() {
  Command command{.kind = CommandKind::branch};
  expect_keyword("case");
  skip_blanks();
  command.words.push_back(read_word());
  expect_keyword("in");
  while (!at_end() && !take_keyword("esac")) {
    take("(");
    for (skip_blanks(); at_word() && !at_end(); skip_blanks()) {
      command.words.push_back(read_word());
      if (literal(command.words.back()) == "*") command.always_one_body = true;
      skip_blanks();
      take("|");
    }
    expect(")");
    command.bodies.push_back(std::make_shared<Script>(read_list()));
    skip_blanks();
    if (take(";;&") || take(";&")) {
      fail("a case falls through to the next");
    } else if (!take(";;")) {
      expect_keyword("esac");
      return command;
    }
  }
  return command;
}

/// Everything up to ]] is an operand or an operator; which of the two does not matter here.
Command Reader::read_condition() {
  Command command{.kind = CommandKind::condition};
  expect_keyword("[[");
  for (skip_newlines(); !at_end() && peek_keyword() != "]]"; skip_newlines()) {
    if (at_word()) {
      command.words.push_back(read_word());
    } else {
      ++at_;  // ( ) < > && || and within a regular expression
    }
  }
  expect_keyword("]]");
  return command;
}

Command Reader::read_function() {
  Command command{.kind = CommandKind::function};
  expect_keyword("function");
  skip_blanks();
  command.name = literal(read_word());
  skip_blanks();
  if (take("(")) {
    skip_blanks();
    expect(")");
  }
  read_function_body(command);
  return command;
}

void Reader::read_function_body(Command& command) {
  if (command.name.empty()) fail("a function has no name");
  skip_newlines();
  if (at_end()) return fail("a function has no body");
  Pipeline body;
  body.commands.push_back(read_command());
  if (body.commands.back().kind == CommandKind::simple) return fail("a function's body is no group");
  Script script;
  script.pipelines.push_back(std::move(body));
  command.bodies.push_back(std::make_shared<Script>(std::move(script)));
}

Command Reader::read_simple() {
  Command command;
  bool declares = false;
  for (skip_blanks(); !at_end(); skip_blanks()) {
    if (read_redirect(command)) continue;
    if (!at_word()) break;
    if ((command.words.empty() || declares) && read_assignment(command)) continue;
    command.words.push_back(read_word());
    if (command.words.size() > 1) continue;
    const auto name = literal(command.words.front());
    declares = std::ranges::find(declarations, name) != declarations.end();
    skip_blanks();
    if (peek() == '(' && command.assignments.empty() && command.redirects.empty()) {
      ++at_;
      skip_blanks();
      expect(")");
      command.kind = CommandKind::function;
      command.name = name;
      command.words.clear();
      read_function_body(command);
      return command;
    }
  }
  return command;
}

bool Reader::read_assignment(Command& command) {
  if (!is_name_start(peek())) return false;
  auto end = at_;
  while (end < text_.size() && is_name(text_[end])) ++end;
  Assignment assignment{.name = std::string{text_.substr(at_, end - at_)}};
  if (end < text_.size() && text_[end] == '[') {
    const auto close = text_.find_first_of("] \t\n", end);
    if (close == std::string_view::npos || text_[close] != ']') return false;
    // Only a plain number or name can be told to run nothing.
    const auto subscript = text_.substr(end + 1, close - end - 1);
    if (!std::ranges::all_of(subscript, is_name)) return false;
    assignment.subscripted = true;
    end = close + 1;
  }
  if (text_.substr(end).starts_with("+=")) {
    assignment.append = true;
    ++end;
  }
  if (end >= text_.size() || text_[end] != '=') return false;
  at_ = end + 1;
  if (take("(")) {
    assignment.array = true;
    for (skip_newlines(); at_word(); skip_newlines()) assignment.values.push_back(read_word());
    expect(")");
  } else {
    assignment.values.push_back(read_word());
  }
  command.assignments.push_back(std::move(assignment));
  return true;
}

Parsed Reader::read_all() {
  auto script = read_list();
  if (!at_end()) fail("something is closed that was not opened");
  if (!pending_.empty()) fail("a here-document has no lines");
  return {.script = std::move(script), .problem = problem_};
}

Parsed parse(std::string_view text, int depth) {
  if (text.size() > longest_command) return {.problem = "it is too long to be looked into"};
  if (text.find('\0') != std::string_view::npos) return {.problem = "it holds a NUL character"};
  return Reader{text, depth}.read_all();
}

Word parse_quoted(std::string_view text, int depth, std::string& problem) {
  Reader reader{text, depth};
  auto word = reader.read_quoted_text();
  problem = reader.problem();
  return word;
}

}  // namespace butler::policy::shell
