#include <algorithm>
#include <array>

#include "policy/programs.hpp"

/// What bash itself does.
namespace butler::policy {

namespace {

void harmless(Walk& walk, const Call& call) { walk.note(call, CommandClass::read, "runs " + call.name); }

void hidden(Walk& walk, const Call& call) {
  walk.note_hidden(call, "uses '" + call.name + "', which changes what later words mean");
}

void change_folder(Walk& walk, const Call& call) {
  harmless(walk, call);
  const auto found = read_options(call.arguments, "");
  if (found.operands.empty()) {
    const Argument home{.texts = {walk.folders().agent_home}};
    return walk.change_folder(call.name == "cd" && !walk.folders().agent_home.empty() ? &home : nullptr);
  }
  const auto& target = found.operands.front();
  const auto* const text = target.plain();
  const bool known = text != nullptr && *text != "-" && !text->starts_with('+') && found.operands.size() == 1;
  walk.change_folder(known || (text == nullptr && !target.several) ? &target : nullptr);
}

void leave_folder(Walk& walk, const Call& call) {
  harmless(walk, call);
  walk.change_folder(nullptr);
}

/// read, mapfile, getopts: the words that look like names get values that nobody knows.
void read_variables(Walk& walk, const Call& call) {
  harmless(walk, call);
  for (const auto& argument : call.arguments) {
    const auto* const text = argument.plain();
    if (text == nullptr)
      return walk.note_hidden(call, "reads into a variable whose name is known only when it runs");
    if (text->find('[') != std::string::npos || *text == "-C") {
      return walk.note_hidden(call, "uses " + call.name + " in a way that can run a command");
    }
    walk.set_variable(*text, {.texts = {""}, .dynamic = true});
  }
}

/// export, declare and their like: their assignments have been walked over.
void declare_variables(Walk& walk, const Call& call) {
  harmless(walk, call);
  for (const auto& argument : call.arguments) {
    const auto* const text = argument.plain();
    const bool plain = text != nullptr && text->find_first_of("=[") == std::string::npos;
    const bool option = plain && text->starts_with('-');
    if (!plain || (option && text->find_first_not_of("-agprA") != std::string::npos)) {
      return walk.note_hidden(call, "uses " + call.name + " in a way that changes what variables mean");
    }
  }
}

void unset_variables(Walk& walk, const Call& call) {
  harmless(walk, call);
  for (const auto& argument : call.arguments) {
    const auto* const text = argument.plain();
    if (text == nullptr || text->find('[') != std::string::npos) {
      return walk.note_hidden(call, "unsets something that is known only when it runs");
    }
    walk.set_variable(*text, {.texts = {""}, .dynamic = true});
  }
}

void print(Walk& walk, const Call& call) {
  harmless(walk, call);
  if (call.arguments.empty()) return;
  const auto& first = call.arguments.front();
  const auto* const text = first.plain();
  if (text == nullptr ? first.may_be_option() : text->starts_with("-v")) {
    walk.note_hidden(call, "prints into a variable");
  }
}

void test(Walk& walk, const Call& call) {
  harmless(walk, call);
  for (const auto& argument : call.arguments) {
    if (argument.plain() != nullptr && *argument.plain() == "-v") walk.note_hidden(call, "tests a subscript");
  }
}

void set_options(Walk& walk, const Call& call) {
  harmless(walk, call);
  constexpr std::string_view harmless_letters = "-+euxvnfCo";
  bool names = false;
  for (const auto& argument : call.arguments) {
    const auto* const text = argument.plain();
    if (text == nullptr) {
      if (argument.may_be_option()) walk.note_hidden(call, "sets options that are known only when it runs");
      return;
    }
    if (names) {
      names = false;
      if (!lists("pipefail|errexit|nounset|xtrace|verbose|noglob|noclobber|errtrace|functrace", *text)) {
        walk.note_hidden(call, "sets the option " + *text);
      }
      continue;
    }
    if (*text == "--" || (!text->starts_with('-') && !text->starts_with('+'))) return;
    if (text->find_first_not_of(harmless_letters) != std::string::npos)
      walk.note_hidden(call, "sets the options " + *text);
    names = text->ends_with('o');
  }
}

void shell_options(Walk& walk, const Call& call) {
  harmless(walk, call);
  for (const auto& argument : call.arguments) {
    const auto* const text = argument.plain();
    if (text != nullptr && lists("-s|-u|-q|-p|nullglob|failglob|globstar|dotglob|inherit_errexit", *text))
      continue;
    return walk.note_hidden(call, "sets options of bash that change how it reads commands");
  }
}

void calculate(Walk& walk, const Call& call) {
  for (const auto& argument : call.arguments) {
    const auto* const text = argument.plain();
    if (text == nullptr || text->find_first_of("[$`") != std::string::npos)
      return walk.note_hidden(call, "calculates");
  }
  walk.forget_variables();
  harmless(walk, call);
}

void type_of(Walk& walk, const Call& call) { harmless(walk, call); }

void hash(Walk& walk, const Call& call) {
  if (call.arguments.empty() || (call.arguments.size() == 1 && call.arguments.front().plain() != nullptr &&
                                 *call.arguments.front().plain() == "-r")) {
    return harmless(walk, call);
  }
  hidden(walk, call);
}

/// The text of a command that bash runs itself.
void run_joined(Walk& walk, const Call& call, std::span<const Argument> words) {
  walk.note_wrapper();
  std::string text;
  for (const auto& word : words) {
    if (word.plain() == nullptr) {
      walk.forget_variables();
      walk.change_folder(nullptr);
      return walk.note_hidden(call, "runs a text that is known only when it runs");
    }
    text.append(*word.plain()).append(" ");
  }
  walk.run_text(text);
}

void evaluate(Walk& walk, const Call& call) { run_joined(walk, call, call.arguments); }

void trap(Walk& walk, const Call& call) {
  harmless(walk, call);
  if (call.arguments.empty()) return;
  const auto* const text = call.arguments.front().plain();
  if (text != nullptr && (*text == "-" || *text == "-p" || *text == "-l")) return;
  // It may run at any later time, with any variables.
  walk.in_subshell([&] {
    walk.forget_variables();
    walk.change_folder(nullptr);
    run_joined(walk, call, std::span{call.arguments}.first(1));
  });
}

void source(Walk& walk, const Call& call) {
  if (!call.arguments.empty()) walk.note_execution(call, call.arguments.front());
  walk.note_hidden(call, "runs the commands of a file in this shell");
  walk.forget_variables();
  walk.change_folder(nullptr);
}

constexpr std::array builtins_table{
    Program{"cd", change_folder},
    Program{"pushd", change_folder},
    Program{"popd", leave_folder},
    Program{"read", read_variables},
    Program{"mapfile", read_variables},
    Program{"readarray", read_variables},
    Program{"getopts", read_variables},
    Program{"export", declare_variables},
    Program{"declare", declare_variables},
    Program{"typeset", declare_variables},
    Program{"local", declare_variables},
    Program{"readonly", declare_variables},
    Program{"unset", unset_variables},
    Program{"printf", print},
    Program{"test", test},
    Program{"[", test},
    Program{"set", set_options},
    Program{"shopt", shell_options},
    Program{"let", calculate},
    Program{"type", type_of},
    Program{"hash", hash},
    Program{"eval", evaluate},
    Program{"trap", trap},
    Program{"source", source},
    Program{".", source},
    Program{"alias", hidden},
    Program{"unalias", hidden},
    Program{"enable", hidden},
    Program{"bind", hidden},
    Program{"complete", hidden},
    Program{"compgen", hidden},
    Program{"fc", hidden},
    Program{"exit", harmless},
    Program{"return", harmless},
    Program{"break", harmless},
    Program{"continue", harmless},
    Program{"shift", harmless},
    Program{"wait", harmless},
    Program{"jobs", harmless},
    Program{"umask", harmless},
    Program{"times", harmless},
    Program{"dirs", harmless},
    Program{"ulimit", harmless},
    Program{"history", harmless},
};

}  // namespace

std::span<const Program> builtin_programs() { return builtins_table; }

}  // namespace butler::policy
