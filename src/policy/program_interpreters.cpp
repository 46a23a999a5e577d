#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "policy/programs.hpp"

/// Shells, and interpreters of other languages: what they are given as a file, as text, or as input.
namespace butler::policy {

namespace {

/// What a shell is given after its options.
struct ShellOperands {
  bool takes_text = false;  ///< -c: the first is a text to run
  std::span<const Argument> rest;
};

/// Notes what the shell's options do; nullopt when they are known only when it runs.
std::optional<ShellOperands> read_shell_options(Walk& walk, const Call& call) {
  std::size_t at = 0;
  bool takes_text = false;
  for (; at < call.arguments.size(); ++at) {
    const auto& argument = call.arguments[at];
    const auto* const text = argument.plain();
    if (text == nullptr) {
      if (!argument.may_be_option()) break;
      walk.note_hidden(call, "runs a shell with an option that is known only when it runs");
      return std::nullopt;
    }
    if (*text == "--" || *text == "-") {
      ++at;
      break;
    }
    if (!text->starts_with('-') && !text->starts_with('+')) break;
    if (lists("-o|+o|-O|+O|--rcfile|--init-file", *text)) {
      walk.note_hidden(call, "runs a shell with options that change it");
      ++at;
      continue;
    }
    if (text->starts_with("--")) {
      if (!lists("--norc|--noprofile|--posix", *text))
        walk.note_hidden(call, "runs a shell with options that change it");
      continue;
    }
    if (text->find_first_not_of("-+ceuxlvf") != std::string::npos)
      walk.note_hidden(call, "runs a shell with options that change it");
    // A login shell reads files that may have been written.
    if (text->find_first_of("lis") != std::string::npos)
      walk.note_hidden(call, "runs a shell that reads its own files first");
    takes_text = takes_text || text->find('c') != std::string::npos;
  }
  return ShellOperands{.takes_text = takes_text,
                       .rest = std::span{call.arguments}.subspan(std::min(at, call.arguments.size()))};
}

void run_shell_text(Walk& walk, const std::string& text) {
  walk.in_subshell([&] {
    walk.begin_shell();
    walk.run_text(text);
  });
}

/// sh, bash and their like. A plain text after -c is looked into as any command line.
void run_shell(Walk& walk, const Call& call) {
  if (asks_about_itself(call) && *call.arguments.front().plain() != "version")
    return walk.note(call, CommandClass::read, "asks for a version");
  walk.note_wrapper();
  const auto operands = read_shell_options(walk, call);
  if (!operands) return;
  const auto& rest = operands->rest;
  if (operands->takes_text) {
    if (rest.empty() || rest.front().plain() == nullptr)
      return walk.note_hidden(call, "runs a text that is known only when it runs");
    return run_shell_text(walk, *rest.front().plain());
  }
  if (!rest.empty()) return walk.note_execution(call, rest.front());
  walk.note_hidden(call, "runs the commands that come as its input");
  if (call.input != nullptr) run_shell_text(walk, *call.input);
}

/// What an interpreter's options mean. `code`: the next argument is a program. `values`: it is something
/// else.
struct Interpreter {
  std::string_view name;
  std::string_view code;
  std::string_view values = "";
  std::string_view subcommands = "";  ///< operands that come before the file
};

constexpr std::array interpreters{
    Interpreter{"python", "c|m", "W|X|Q"},
    Interpreter{"pypy", "c|m", "W|X"},
    Interpreter{"node", "e|p|r|--eval|--print|--require|--import|--loader|--experimental-loader",
                "C|--max-old-space-size"},
    Interpreter{"nodejs", "e|p|r|--eval|--print|--require|--import", "C"},
    Interpreter{"deno", "e|--eval", "", "run|eval|test|task|repl"},
    Interpreter{"bun", "e|p|r|--eval|--print|--preload", "", "run|x|test"},
    Interpreter{"tsx", "e|--eval"},
    Interpreter{"ts-node", "e|p|--eval"},
    Interpreter{"perl", "e|E|M|m|d|D", "I"},
    Interpreter{"ruby", "e|r", "I|x|C"},
    Interpreter{"php", "r|B|R|F|E|f", "c|d|z|t"},
    Interpreter{"lua", "e|l"},
    Interpreter{"luajit", "e|l|j"},
    Interpreter{"Rscript", "e"},
    Interpreter{"R", "e"},
    Interpreter{"julia", "e|E|L|--eval|--print|--load"},
    Interpreter{"tclsh", ""},
    Interpreter{"wish", ""},
    Interpreter{"expect", "c|d|f"},
    Interpreter{"guile", "c|l|s"},
    Interpreter{"sbcl", "--eval|--load|--script"},
    Interpreter{"ghc", "e"},
    Interpreter{"runghc", ""},
    Interpreter{"groovy", "e"},
    Interpreter{"scala", "e"},
    Interpreter{"elixir", "e|r|--eval"},
    Interpreter{"erl", "--eval"},
    Interpreter{"osascript", "e"},
    Interpreter{"java", "cp|jar"},
    Interpreter{"dotnet", "", "", "run|test|build"},
    Interpreter{"gdb", "x|--eval-command|--command|--args"},
    Interpreter{"lldb", "o|s|--one-line"},
    Interpreter{"vim", "c|S|s|u|--cmd"},
    Interpreter{"vi", "c|S|s|u"},
    Interpreter{"nvim", "c|S|s|u|--cmd"},
    Interpreter{"ex", "c|S|s"},
    Interpreter{"ed", ""},
    Interpreter{"emacs", "l|f|--eval|--load|--funcall"},
    Interpreter{"nano", ""},
    Interpreter{"less", ""},
    Interpreter{"more", ""},
    Interpreter{"man", "P|H|--pager"},
    Interpreter{"sqlite3", "--cmd|--init"},
    Interpreter{"psql", "c|f|--command|--file"},
    Interpreter{"mysql", "e|--execute"},
    Interpreter{"redis-cli", "--eval"},
    Interpreter{"m4", ""},
    Interpreter{"dc", "e|f"},
    Interpreter{"bc", ""},
    Interpreter{"screen", "X"},
    Interpreter{"tmux", "", "", "new|new-session|send-keys"},
};

/// Whether the words after the name hold code themselves, and which file is run otherwise.
void run_interpreter(Walk& walk, const Call& call) {
  if (asks_about_itself(call)) return walk.note(call, CommandClass::read, "asks for a version");
  auto base = std::string_view{call.name};
  base = base.substr(0, base.find_last_not_of("0123456789.-") + 1);
  const auto* found =
      std::ranges::find_if(interpreters, [&](const auto& one) { return one.name == call.name; });
  if (found == interpreters.end())
    found = std::ranges::find_if(interpreters, [&](const auto& one) { return one.name == base; });
  if (found == interpreters.end()) return walk.note_unknown(call, "runs an interpreter");
  std::string values{found->code};
  values.append("|").append(found->values);
  const auto options = read_leading_options(call.arguments, values);
  for (const auto& option : options.options) {
    if (!lists_option(found->code, option.name)) continue;
    walk.note_wrapper();
    if (option.name == "-m" && option.value.plain() != nullptr && *option.value.plain() == "pip") {
      Arguments inner{{.texts = {"pip"}}};
      inner.insert(inner.end(), options.operands.begin(), options.operands.end());
      return walk.run_program(inner);
    }
    return walk.note_hidden(call, "runs code that stands in its arguments");
  }
  if (options.uncertain) walk.note_hidden(call, "has an argument that may also be an option");
  std::span<const Argument> operands{options.operands};
  if (!operands.empty() && operands.front().plain() != nullptr && !found->subcommands.empty() &&
      lists(found->subcommands, *operands.front().plain())) {
    operands = operands.subspan(1);
  }
  const bool from_input =
      operands.empty() || (operands.front().plain() != nullptr && *operands.front().plain() == "-");
  if (from_input) {
    walk.note_wrapper();
    return walk.note_hidden(call, "runs the code that comes as its input");
  }
  walk.note_execution(call, operands.front());
}

/// Runs what the workspace's own files say: which of them is seen here, what they hold is not.
void build(Walk& walk, const Call& call) {
  if (asks_about_itself(call)) return walk.note(call, CommandClass::read, "asks for a version");
  walk.note_wrapper();
  bool named = false;
  const auto found = read_options(call.arguments, "f|C|j|l|o|W|I|--file|--makefile|--directory");
  for (const auto& option : found.options) {
    if (lists_option("C|--directory", option.name))
      return walk.note_unknown(call, "builds in another folder");
    if (lists("-f|--file|--makefile", option.name)) {
      named = true;
      walk.note_execution(call, option.value);
    }
    if (lists("--eval|-E", option.name)) walk.note_hidden(call, "runs code that stands in its arguments");
  }
  if (!named && lists("make|gmake", call.name)) walk.note_execution(call, {.texts = {"Makefile"}});
  walk.note_unknown(call, "runs what the files of the workspace say");
}

constexpr std::array builders{
    "make",    "gmake", "ninja",  "cmake",    "ctest",   "meson",   "scons",  "rake",      "just",
    "task",    "ant",   "mvn",    "gradle",   "bazel",   "tox",     "nox",    "pytest",    "jest",
    "vitest",  "mocha", "eslint", "prettier", "tsc",     "webpack", "vite",   "rollup",    "esbuild",
    "ruff",    "black", "mypy",   "flake8",   "gcc",     "g++",     "cc",     "c++",       "clang",
    "clang++", "rustc", "javac",  "swift",    "kotlinc", "ldd",     "protoc", "pre-commit"};

constexpr std::array shells{"sh",   "bash", "dash", "ash",  "zsh",   "ksh",
                            "mksh", "fish", "csh",  "tcsh", "rbash", "pwsh"};

constexpr auto make_interpreters() {
  std::array<Program, interpreters.size() + builders.size()> programs{};
  std::size_t at = 0;
  for (const auto& interpreter : interpreters) programs[at++] = {interpreter.name, run_interpreter};
  for (const auto* const name : builders) programs[at++] = {name, build};
  return programs;
}

constexpr auto make_shells() {
  std::array<Program, shells.size()> programs{};
  for (std::size_t i = 0; i < shells.size(); ++i) programs[i] = {shells[i], run_shell};
  return programs;
}

}  // namespace

std::span<const Program> interpreter_programs() {
  static constexpr auto programs = make_interpreters();
  return programs;
}

std::span<const Program> shell_programs() {
  static constexpr auto programs = make_shells();
  return programs;
}

}  // namespace butler::policy
