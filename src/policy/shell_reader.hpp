#pragma once

#include <cctype>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/shell_parser.hpp"

namespace butler::policy::shell {

/// What the name of a variable begins with, and goes on with.
inline bool is_name_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
inline bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// The text of a word without any expansion; "" for others.
std::string literal(const Word& word);

/// The parser itself, in three files: shell_words.cpp reads words, shell_redirects.cpp what follows < and >,
/// shell_parser.cpp commands. A problem moves it to the end of the text, so that everything that reads comes
/// to its end.
class Reader {
 public:
  Reader(std::string_view text, int depth) : text_(text), depth_(depth) {}

  Parsed read_all();
  Word read_quoted_text();
  const std::string& problem() const { return problem_; }

 private:
  /// Counts how deep we are; too deep is a problem.
  class Level {
   public:
    explicit Level(Reader& reader);
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    ~Level() { --reader_.depth_; }

   private:
    Reader& reader_;
  };

  struct Pending {
    std::string delimiter;
    bool indented = false;
    bool quoted = false;
    std::shared_ptr<Word> document;
  };

  // Characters.
  bool at_end() const { return at_ >= text_.size(); }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool looking_at(std::string_view token) const { return text_.substr(at_).starts_with(token); }
  bool take(std::string_view token);
  void expect(std::string_view token);
  void fail(std::string_view why);
  void skip_blanks();
  void skip_newlines();

  // Words: shell_words.cpp.
  bool at_word() const;
  Word read_word();
  void read_part(Word& word);
  void read_dollar(Word& word, bool quoted);
  void read_braced_parameter(Word& word, bool quoted);
  void read_operand(Part& part, bool quoted);
  std::string read_parameter_name();
  void read_double_quoted(Word& word);
  void read_ansi_quoted(Word& word);
  char read_ansi_escape();
  void read_backticks(Word& word, bool quoted);
  void read_command_substitution(Word& word, bool quoted);
  Word read_arithmetic();
  void read_quoted_character(Word& word, std::string_view escapable);
  static void add_text(Word& word, char character, bool quoted);

  // Commands: shell_parser.cpp.
  std::string_view peek_keyword() const;
  bool take_keyword(std::string_view keyword);
  void expect_keyword(std::string_view keyword);
  bool at_list_end() const;
  Script read_list();
  Pipeline read_pipeline();
  Command read_command();
  Command read_compound(std::string_view keyword);
  Command read_if();
  Command read_loop(std::string_view keyword);
  Command read_for();
  Command read_case();
  Command read_condition();
  Command read_function();
  void read_function_body(Command& command);
  Command read_simple();
  bool read_assignment(Command& command);
  bool read_redirect(Command& command);
  void read_redirects(Command& command);
  void read_here_documents();
  Word read_here_document(const Pending& pending);

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_;
  std::string problem_;
  std::vector<Pending> pending_;  ///< here-documents whose lines come after this line
};

}  // namespace butler::policy::shell
