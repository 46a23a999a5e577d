#include <algorithm>
#include <array>

#include "policy/programs.hpp"

/// Programs that run another one, which is looked into in turn.
namespace butler::policy {

namespace {

/// `values`: options that take a value; `skipped`: how many operands come before the program; `hidden`:
/// options that run something by themselves or change what is run.
struct Wrapper {
  std::string_view name;
  std::string_view values = "";
  std::size_t skipped = 0;
  std::string_view hidden = "";
};

constexpr std::array wrappers{
    Wrapper{"nice", "n|--adjustment"},
    Wrapper{"nohup"},
    Wrapper{"timeout", "s|k|--signal|--kill-after", 1},
    Wrapper{"time", "o|f|--output|--format", 0, "o|--output"},
    Wrapper{"setsid"},
    Wrapper{"stdbuf", "i|o|e|--input|--output|--error"},
    Wrapper{"ionice", "c|n|p|--class|--classdata|--pid"},
    Wrapper{"chrt", "T|P|D|--sched-runtime", 1},
    Wrapper{"taskset", "", 1},
    Wrapper{"numactl", "N|m|C|--cpunodebind|--membind|--physcpubind"},
    Wrapper{"command"},
    Wrapper{"builtin"},
    Wrapper{"exec", "a"},
    Wrapper{"unbuffer"},
    Wrapper{"fakeroot"},
    Wrapper{"catchsegv"},
    Wrapper{"hyperfine", "w|r|m|M|S", 0, "S|p|c|--setup|--prepare|--cleanup|--shell|--export-json"},
    Wrapper{"strace", "o|e|p|s|a|E|u", 0, "o|p|E"},
    Wrapper{"ltrace", "o|e|p|s|a|u", 0, "o|p"},
    Wrapper{"flock", "w|E|c|--timeout|--wait|--command", 1, "c|--command"},
    Wrapper{"sem", "j|--id", 0, ""},
    Wrapper{"xvfb-run", "s|n|e|--server-args"},
    Wrapper{"dbus-run-session", "", 0, "--config-file|--dbus-daemon"},
    Wrapper{"start-stop-daemon", "", 0, "x|a|S|--exec|--startas|--start"},
};

void run_rest(Walk& walk, const Call& call, std::span<const Argument> rest) {
  if (rest.empty()) return walk.note(call, CommandClass::read, "runs " + call.name);
  walk.in_subshell([&] { walk.run_program({rest.begin(), rest.end()}, call.input); });
}

void wrap(Walk& walk, const Call& call) {
  const auto* const wrapper =
      std::ranges::find_if(wrappers, [&](const Wrapper& one) { return one.name == call.name; });
  if (wrapper == wrappers.end()) return;
  if (call.name == "command" && !call.arguments.empty() && call.arguments.front().plain() != nullptr &&
      lists("-v|-V", *call.arguments.front().plain())) {
    return walk.note(call, CommandClass::read, "looks for a program");
  }
  walk.note_wrapper();
  const auto found = read_leading_options(call.arguments, wrapper->values);
  if (found.uncertain) walk.note_hidden(call, "has an argument that may also be an option");
  for (const auto& option : found.options) {
    if (lists_option(wrapper->hidden, option.name))
      walk.note_hidden(call, "uses " + call.name + ' ' + option.name);
  }
  const std::span<const Argument> operands{found.operands};
  for (std::size_t i = 0; i < std::min(wrapper->skipped, operands.size()); ++i) {
    if (operands[i].several) return walk.note_hidden(call, "runs a program that is known only when it runs");
  }
  run_rest(walk, call, operands.subspan(std::min(wrapper->skipped, operands.size())));
}

void run_in_environment(Walk& walk, const Call& call) {
  const auto found = read_leading_options(call.arguments, "u|C|S|--unset|--chdir|--split-string");
  const std::span<const Argument> operands{found.operands};
  for (const auto& option : found.options) {
    if (!lists_option("C|S|--chdir|--split-string", option.name)) continue;
    walk.note_wrapper();
    walk.note_hidden(call, "uses env " + option.name);
  }
  std::size_t at = 0;
  for (; at < operands.size(); ++at) {
    const auto* const text = operands[at].plain();
    const auto& begin = operands[at].texts.front();
    const auto equals = begin.find('=');
    if (equals == std::string::npos) {
      if (text == nullptr) walk.note_hidden(call, "runs a program that is known only when it runs");
      break;
    }
    walk.note_hidden(call, "sets " + begin.substr(0, equals) + " for a program");
  }
  if (at < operands.size()) walk.note_wrapper();
  walk.in_subshell([&] { run_rest(walk, call, operands.subspan(at)); });
}

void run_with_input(Walk& walk, const Call& call) {
  walk.note_wrapper();
  const auto found = read_leading_options(
      call.arguments,
      "I|n|P|L|d|a|E|s|J|i|--replace|--max-args|--max-procs|--max-lines|--delimiter|--arg-file|--max-chars");
  if (found.uncertain) walk.note_hidden(call, "has an argument that may also be an option");
  Arguments inner{found.operands.begin(), found.operands.end()};
  if (inner.empty()) inner.push_back({.texts = {"echo"}});
  std::string placeholder;
  for (const auto& option : found.options) {
    if (lists_option("a|--arg-file", option.name)) walk.note_path(call, option.value, Access::read, false);
    if (lists_option("I|J|i|--replace", option.name)) {
      placeholder = option.has_value && option.value.plain() != nullptr ? *option.value.plain() : "{}";
    }
  }
  const Argument anything{.texts = {""}, .dynamic = true, .several = true};
  if (placeholder.empty()) {
    inner.push_back(anything);
  } else {
    // What stands around the placeholder is looked into as well.
    walk.in_subshell([&] { walk.run_program(inner); });
    for (auto& argument : inner) {
      const auto* const text = argument.plain();
      const auto found_at = text == nullptr ? std::string::npos : text->find(placeholder);
      if (found_at != std::string::npos) argument = {.texts = {text->substr(0, found_at)}, .dynamic = true};
    }
  }
  walk.in_subshell([&] { walk.run_program(inner); });
}

/// watch and parallel join their words to a text for a shell.
void run_as_text(Walk& walk, const Call& call) {
  walk.note_wrapper();
  const auto found = read_leading_options(
      call.arguments, call.name == "watch" ? "n|q|--interval" : "j|a|N|S|--jobs|--sshlogin");
  std::string text;
  for (const auto& operand : found.operands) {
    if (operand.plain() == nullptr)
      return walk.note_hidden(call, "runs a text that is known only when it runs");
    text.append(*operand.plain()).append(" ");
  }
  if (call.name != "watch" || found.uncertain)
    walk.note_hidden(call, "fills in a command that it runs many times");
  walk.in_subshell([&] { walk.run_text(text); });
}

/// script -c, and what it writes.
void record(Walk& walk, const Call& call) {
  walk.note_wrapper();
  const auto found = read_options(call.arguments, "c|t|T|I|O|B|--command");
  for (const auto& option : found.options) {
    if (lists_option("c|--command", option.name) && option.value.plain() != nullptr) {
      walk.in_subshell([&] { walk.run_text(*option.value.plain()); });
    }
  }
  walk.note_hidden(call, "runs a shell and records it");
}

/// One program that is many: the first operand names which.
void run_applet(Walk& walk, const Call& call) {
  if (call.arguments.empty()) return walk.note(call, CommandClass::read, "lists its programs");
  const auto* const text = call.arguments.front().plain();
  if (text != nullptr && *text == "--list") return walk.note(call, CommandClass::read, "lists its programs");
  walk.note_wrapper();
  run_rest(walk, call, call.arguments);
}

constexpr auto make_wrapper_programs() {
  std::array<Program, wrappers.size() + 8> programs{};
  std::size_t at = 0;
  for (const auto& wrapper : wrappers) programs[at++] = {wrapper.name, wrap};
  for (const auto& program :
       {Program{"env", run_in_environment}, Program{"xargs", run_with_input}, Program{"watch", run_as_text},
        Program{"parallel", run_as_text}, Program{"script", record}, Program{"busybox", run_applet},
        Program{"toybox", run_applet}, Program{"coreutils", run_applet}}) {
    programs[at++] = program;
  }
  return programs;
}

}  // namespace

std::span<const Program> wrapper_programs() {
  static constexpr auto programs = make_wrapper_programs();
  return programs;
}

}  // namespace butler::policy
