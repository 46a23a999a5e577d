#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/analysis.hpp"
#include "policy/shell_syntax.hpp"

namespace butler::policy {

/// A word as the program gets it, as far as that can be told: one of `texts`. When it is dynamic, a text is
/// only what it begins with.
struct Argument {
  std::vector<std::string> texts = {};
  bool dynamic = false;   ///< known only when it runs
  bool wildcard = false;  ///< stands for names of files
  bool several = false;   ///< may be none, or many

  bool operator==(const Argument&) const = default;

  /// The one text that it can only be; nullptr for others.
  const std::string* plain() const {
    return !dynamic && !wildcard && texts.size() == 1 ? &texts.front() : nullptr;
  }
  /// Whether a program may take it for an option.
  bool may_be_option() const;
};

using Arguments = std::vector<Argument>;

/// Of the two, whatever it can be.
void join_values(Argument& into, const Argument& other);

/// One call of a program.
struct Call {
  Arguments arguments;                 ///< without the name
  std::string name;                    ///< without a system folder
  std::string words;                   ///< name and first plain arguments
  const std::string* input = nullptr;  ///< what a here-document gives it to read, when that is known
};

/// Walks over a command line in the order in which bash would, with what variables and the current folder can
/// be at each place, and notes what the programs would do. What is conditional is taken as happening and as
/// not happening; so more may be noted than happens, never less.
class Walk {
 public:
  Walk(const Question& question, Analysis& analysis);

  /// Walks over a whole text: the command line itself, or one that a program is given (`bash -c`).
  void run_text(std::string_view text);
  /// A program that another one starts.
  void run_program(const Arguments& arguments, const std::string* input = nullptr);

  // What programs.cpp and its neighbours say about a call.
  void note(Effect effect);
  void note(const Call& call, CommandClass command_class, std::string why);
  void note_unknown(const Call& call, std::string why);
  /// Code that is hidden in an argument.
  void note_hidden(const Call& call, std::string why);
  void give_up(std::string why);
  void note_path(const Call& call, const Argument& path, Access access, bool whole_tree);
  void note_current_folder(const Call& call, Access access, bool whole_tree);
  void note_destruction(const Call& call, const Argument& path);
  void note_host(const Call& call, std::string host);
  void note_execution(const Call& call, const Argument& file);
  void note_wrapper() { analysis_.wrapper = true; }
  void change_folder(const Argument* folder);
  void set_variable(const std::string& name, Argument value);
  void forget_variables();
  /// As in a shell that this one starts: it has what every process has, and knows no other variable for sure.
  void begin_shell();
  bool is_function(const std::string& name) const { return state_.functions.contains(name); }

  /// Runs `inside` as in a process of its own: what it does to variables and the folder is lost.
  template <class Inside>
  void in_subshell(const Inside& inside) {
    auto kept = state_;
    auto kept_failure = std::move(failed_folder_);
    inside();
    state_ = std::move(kept);
    failed_folder_ = std::move(kept_failure);
  }

  const Folders& folders() const { return folders_; }

 private:
  struct State {
    std::map<std::string, Argument> variables;
    std::map<std::string, const shell::Command*> functions;  ///< nullptr: one of several, or none
    std::vector<std::string> folders;                        ///< the current one; empty: not known
    bool forgotten = false;  ///< variables that are not listed can be anything
    bool ended = false;      ///< after an `exit`: nobody gets here

    bool operator==(const State&) const = default;
  };

  std::vector<Effect> path_effects(const Call& call, const Argument& path, Access access, bool whole_tree);

  // Control flow: walk.cpp.
  bool spend();
  static void join(State& into, const State& other);
  static void widen(State& into, const State& before);
  void walk(const shell::Script& script);
  void walk(const shell::Pipeline& pipeline);
  void walk(const shell::Command& command);
  void walk_branch(const shell::Command& command);
  void walk_loop(const shell::Command& command);
  void walk_loop_once(const shell::Command& command);
  void walk_simple(const shell::Command& command);
  void call_function(const std::string& name);
  const std::string* walk_redirects(const shell::Command& command);
  void walk_redirect(const shell::Redirect& redirect);
  void walk_assignments(const shell::Command& command, bool for_program);
  void walk_condition(const shell::Command& command);

  // Words: expansion.cpp.
  Arguments expand(const std::vector<shell::Word>& words);
  void expand(const shell::Word& word, Arguments& out);
  Argument expand_one(const shell::Word& word);
  void append(Argument& argument, const shell::Part& part, bool first, bool alone, Arguments& split);
  void append_text(Argument& argument, const shell::Part& part, bool first);
  void append_value(Argument& argument, const Argument& value);
  Argument parameter(const shell::Part& part);
  Argument variable(const std::string& name);
  void check_arithmetic(const shell::Word& expression);
  void check_arithmetic_text(std::string_view text);

  const Question& question_;
  Analysis& analysis_;
  Folders folders_;
  State state_;
  /// After a `cd`: where we still are if it failed.
  std::optional<std::vector<std::string>> failed_folder_;
  std::deque<shell::Script> scripts_;  ///< keeps what functions point into
  std::vector<std::string> calls_;     ///< functions that are being walked over
  std::deque<std::string> inputs_;
  int depth_ = 0;
  std::size_t budget_;
};

}  // namespace butler::policy
