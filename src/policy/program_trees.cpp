#include <algorithm>
#include <array>

#include "policy/programs.hpp"

/// Programs that work on whole trees or devices: find, rm, chmod, ln, tar, dd and their neighbours.
namespace butler::policy {

namespace {

bool has(const Options& found, std::string_view names) {
  return std::ranges::any_of(found.options,
                             [&](const Option& option) { return lists_option(names, option.name); });
}

/// One named file can be made again; a tree, or what a pattern finds, is more than anybody has looked at.
void remove(Walk& walk, const Call& call) {
  const auto found = read_options(call.arguments, "");
  const bool trees = has(found, "r|R|--recursive") || found.uncertain;
  walk.note(call, CommandClass::read, "runs rm");
  for (const auto& operand : found.operands) {
    const bool one_file = !trees && operand.plain() != nullptr;
    if (one_file) {
      walk.note_path(call, operand, Access::write, false);
    } else {
      walk.note_destruction(call, operand);
    }
  }
}

void shred(Walk& walk, const Call& call) {
  for (const auto& operand : read_options(call.arguments, "n|s").operands)
    walk.note_destruction(call, operand);
  walk.note(call, CommandClass::destructive, "runs " + call.name);
}

void end_processes(Walk& walk, const Call& call) {
  if (call.arguments.size() == 1 && call.arguments.front().plain() != nullptr &&
      *call.arguments.front().plain() == "-l") {
    return walk.note(call, CommandClass::read, "lists signals");
  }
  walk.note(call, CommandClass::destructive, "ends processes");
}

void change_mode(Walk& walk, const Call& call) {
  auto found = read_options(call.arguments, "--reference");
  const bool trees = has(found, "R|--recursive");
  auto& operands = found.operands;
  if (call.name == "chmod") {
    // "-x" and "+s" are modes, not options.
    for (const auto& argument : call.arguments) {
      const auto* const text = argument.plain();
      if (text == nullptr) continue;
      const bool digits =
          text->size() >= 4 && std::ranges::all_of(*text, [](char c) { return c >= '0' && c <= '7'; });
      const bool sets_id = digits ? text->at(text->size() - 4) >= '2'
                                  : text->find_first_of("+=") != std::string::npos &&
                                        text->find_first_of("st") != std::string::npos &&
                                        text->find('/') == std::string::npos;
      if (sets_id) walk.note(call, CommandClass::privilege, "lets others run a file with its owner's rights");
    }
  } else {
    walk.note(call, CommandClass::privilege, "changes who owns files");
  }
  if (!operands.empty() && !has(found, "--reference")) operands.erase(operands.begin());
  if (operands.empty()) walk.note_unknown(call, "changes files that are known only when it runs");
  for (const auto& operand : operands) walk.note_path(call, operand, Access::write, trees);
}

/// A link makes one path mean another: where it leads counts as written.
void link(Walk& walk, const Call& call) {
  const auto found = read_options(call.arguments, "t|S|--target-directory|--suffix");
  for (const auto& operand : found.operands) {
    if (std::ranges::any_of(operand.texts, [](auto& text) { return text.find("..") != std::string::npos; })) {
      walk.note_unknown(call, "makes a link that leads upwards");
    }
    walk.note_path(call, operand, Access::read, true);
    walk.note_path(call, operand, Access::write, true);
  }
  for (const auto& option : found.options) {
    if (option.has_value) walk.note_path(call, option.value, Access::write, false);
  }
}

void copy_blocks(Walk& walk, const Call& call) {
  for (const auto& argument : call.arguments) {
    if (argument.dynamic && argument.texts.front().find('=') == std::string::npos) {
      walk.note_unknown(call, "has an argument that may name what is overwritten");
    }
    for (const auto& text : argument.texts) {
      const bool writes = text.starts_with("of=");
      if (!writes && !text.starts_with("if=")) continue;
      const Argument path{
          .texts = {text.substr(3)}, .dynamic = argument.dynamic, .wildcard = argument.wildcard};
      walk.note_path(call, path, writes ? Access::write : Access::read, false);
      const bool device = writes && text.starts_with("of=/dev/") && text != "of=/dev/null";
      if (device) walk.note(call, CommandClass::destructive, "overwrites a device");
    }
  }
}

/// find's tests and actions.
class Finding {
 public:
  Finding(Walk& walk, const Call& call) : walk_(walk), call_(call) {}

  void run() {
    read_starts();
    for (const auto& start : starts_) walk_.note_path(call_, start, Access::read, true);
    for (; at_ < call_.arguments.size(); ++at_) read_expression();
  }

 private:
  void read_starts() {
    for (; at_ < call_.arguments.size(); ++at_) {
      const auto& argument = call_.arguments[at_];
      const auto* const text = argument.plain();
      if (text != nullptr && lists("-H|-L|-P|-O1|-O2|-O3", *text)) continue;
      if (text != nullptr && (text->starts_with('-') || *text == "(" || *text == "!")) break;
      if (argument.may_be_option()) walk_.note_unknown(call_, "has an argument that may be an action");
      starts_.push_back(argument);
    }
    if (starts_.empty()) starts_.push_back({.texts = {"."}});
  }

  void read_expression() {
    const auto& argument = call_.arguments[at_];
    const auto* const text = argument.plain();
    if (text == nullptr) {
      if (argument.may_be_option()) walk_.note_unknown(call_, "has an argument that may be an action");
      return;
    }
    if (*text == "-delete") {
      for (const auto& start : starts_) walk_.note_destruction(call_, start);
    } else if (*text == "-files0-from") {
      walk_.note_unknown(call_, "looks in folders that a file names");
    } else if (lists("-exec|-execdir|-ok|-okdir", *text)) {
      run_inner();
    } else if (lists("-fprint|-fprint0|-fls|-fprintf", *text)) {
      if (++at_ < call_.arguments.size()) walk_.note_path(call_, call_.arguments[at_], Access::write, false);
    } else if (lists("-newer|-anewer|-cnewer|-samefile", *text)) {
      if (++at_ < call_.arguments.size()) walk_.note_path(call_, call_.arguments[at_], Access::read, false);
    } else if (lists("-name|-iname|-path|-ipath|-wholename|-regex|-iregex|-type|-size|-mtime|-mmin|-maxdepth|"
                     "-mindepth|"
                     "-perm|-user|-group|-printf|-atime|-amin|-ctime|-cmin|-links|-inum|-fstype|-lname",
                     *text)) {
      ++at_;  // its value is no action
    }
  }

  /// {} stands for any path below the starts.
  void run_inner() {
    walk_.note_wrapper();
    Argument found;
    for (const auto& start : starts_) {
      for (const auto& text : start.texts) found.texts.push_back(text + "/*");
      found.dynamic = found.dynamic || start.dynamic;
    }
    found.wildcard = true;
    Arguments inner;
    Arguments as_written;  ///< what stands around a {} within a word is looked into as well
    bool within_a_word = false;
    for (++at_; at_ < call_.arguments.size(); ++at_) {
      const auto& argument = call_.arguments[at_];
      const auto* const text = argument.plain();
      if (text != nullptr && *text == ";") break;
      if (text != nullptr && *text == "+" && !inner.empty() && inner.back() == found) break;
      const auto place = text == nullptr ? std::string::npos : text->find("{}");
      if (place == std::string::npos) {
        inner.push_back(argument);
      } else if (*text == "{}") {
        inner.push_back(found);
      } else {
        inner.push_back({.texts = {text->substr(0, place)}, .dynamic = true});
        within_a_word = true;
      }
      as_written.push_back(place == std::string::npos || *text == "{}" ? inner.back() : argument);
    }
    if (inner.empty()) return walk_.note_unknown(call_, "runs a program that is not named");
    walk_.in_subshell([&] { walk_.run_program(inner); });
    if (within_a_word) walk_.in_subshell([&] { walk_.run_program(as_written); });
  }

  Walk& walk_;
  const Call& call_;
  std::size_t at_ = 0;
  Arguments starts_;
};

void find(Walk& walk, const Call& call) { Finding{walk, call}.run(); }

/// fd runs programs with -x and -X.
void find_by_name(Walk& walk, const Call& call) {
  const auto found = read_options(call.arguments, "e|t|d|E|S|--extension|--type|--max-depth|--exclude");
  if (found.uncertain || has(found, "x|X|--exec|--exec-batch")) {
    walk.note_wrapper();
    return walk.note_hidden(call, "runs a program for each file that it finds");
  }
  for (const auto& operand : found.operands) walk.note_path(call, operand, Access::read, true);
  walk.note_current_folder(call, Access::read, true);
}

constexpr std::string_view tar_values =
    "f|C|T|X|b|--file|--directory|--files-from|--exclude|--exclude-from|--strip-components|--transform|--"
    "owner|--group|--mtime|--mode|--sort";
constexpr std::string_view tar_known =
    "c|x|t|r|u|z|j|J|v|p|k|h|O|a|m|Z|S|f|C|T|X|b|--create|--extract|--get|--list|--append|--update|--gzip|--"
    "bzip2|--xz|--zstd|"
    "--verbose|--file|--directory|--files-from|--exclude|--exclude-from|--exclude-vcs|--strip-components|--"
    "owner|--group|--mtime|"
    "--mode|--sort|--keep-old-files|--no-same-owner|--preserve-permissions|--auto-compress|--dereference|--"
    "numeric-owner|--to-stdout";

void archive(Walk& walk, const Call& call) {
  auto arguments = call.arguments;
  // The old way: tar xzf a.tgz.
  if (!arguments.empty() && arguments.front().plain() != nullptr &&
      !arguments.front().plain()->starts_with('-')) {
    arguments.front() = {.texts = {"-" + *arguments.front().plain()}};
  }
  const auto found = read_options(arguments, tar_values);
  const bool extracts = has(found, "x|--extract|--get");
  const bool lists_only = has(found, "t|--list") || has(found, "O|--to-stdout");
  if (found.uncertain)
    walk.note_hidden(call, "has an argument that may also be an option, and tar's options can run programs");
  Argument folder{.texts = {"."}};
  for (const auto& option : found.options) {
    // A shortened name may be one of those that run a program.
    const bool exact = lists(tar_known, option.name.starts_with("--") ? option.name : option.name.substr(1));
    if (!exact)
      walk.note_hidden(call, "uses tar " + option.name + ", which can run a program or was not looked into");
    if (lists_option("C|--directory", option.name) && option.has_value) folder = option.value;
    if (lists("-f|--file", option.name) && option.has_value) {
      const auto* const text = option.value.plain();
      if (text != nullptr && text->find(':') != std::string::npos)
        walk.note_host(call, host_of(option.value));
      if (text == nullptr || *text != "-") {
        walk.note_path(call, option.value, extracts || lists_only ? Access::read : Access::write, false);
      }
    }
    if (lists("-T|--files-from", option.name)) walk.note_unknown(call, "packs the files that a list names");
    if (lists("-X|--exclude-from", option.name)) walk.note_path(call, option.value, Access::read, false);
  }
  if (lists_only) return;
  walk.note_path(call, folder, extracts ? Access::write : Access::read, true);
  if (extracts) return;
  for (const auto& operand : found.operands) walk.note_path(call, operand, Access::read, true);
}

void unzip(Walk& walk, const Call& call) {
  const auto found = read_options(call.arguments, "d|x|P");
  Argument folder{.texts = {"."}};
  for (const auto& option : found.options) {
    if (option.name == "-d" && option.has_value) folder = option.value;
  }
  for (const auto& operand : found.operands) walk.note_path(call, operand, Access::read, false);
  if (!has(found, "l|p|t|Z|v|z")) walk.note_path(call, folder, Access::write, true);
}

void zip(Walk& walk, const Call& call) {
  const auto found = read_options(call.arguments, "x|i|b");
  if (found.uncertain || has(found, "T|TT|--test|--unzip-command|m|--move|@")) {
    walk.note_hidden(call, "uses zip in a way that can run a program");
  }
  for (std::size_t i = 0; i < found.operands.size(); ++i) {
    walk.note_path(call, found.operands[i], i == 0 ? Access::write : Access::read, true);
  }
}

void patch(Walk& walk, const Call& call) {
  walk.note_current_folder(call, Access::write, true);
  walk.note_unknown(call, "changes the files that a patch names");
}

constexpr std::array trees_table{
    Program{"rm", remove},
    Program{"shred", shred},
    Program{"wipe", shred},
    Program{"srm", shred},
    Program{"kill", end_processes},
    Program{"pkill", end_processes},
    Program{"killall", end_processes},
    Program{"skill", end_processes},
    Program{"chmod", change_mode},
    Program{"chown", change_mode},
    Program{"chgrp", change_mode},
    Program{"ln", link},
    Program{"dd", copy_blocks},
    Program{"find", find},
    Program{"fd", find_by_name},
    Program{"fdfind", find_by_name},
    Program{"tar", archive},
    Program{"unzip", unzip},
    Program{"zip", zip},
    Program{"patch", patch},
};

}  // namespace

std::span<const Program> tree_programs() { return trees_table; }

}  // namespace butler::policy
