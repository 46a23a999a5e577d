#include <algorithm>
#include <array>

#include "policy/programs.hpp"

/// git: what its subcommands do, and which of its options run programs.
namespace butler::policy {

namespace {

enum class Deed : std::uint8_t { reads, writes, talks, pushes, runs };

struct Subcommand {
  std::string_view name;
  Deed deed;
  std::string_view destroys = "";  ///< options or words that destroy
  std::string_view hidden = "";    ///< options that run a program, or words that were not looked into
};

constexpr std::array subcommands{
    Subcommand{"status", Deed::reads},
    Subcommand{"log", Deed::reads, "", "--ext-diff|--output"},
    Subcommand{"diff", Deed::reads, "", "--ext-diff|--output"},
    Subcommand{"show", Deed::reads, "", "--ext-diff|--output"},
    Subcommand{"blame", Deed::reads},
    Subcommand{"shortlog", Deed::reads, "", "--output"},
    Subcommand{"describe", Deed::reads},
    Subcommand{"rev-parse", Deed::reads},
    Subcommand{"rev-list", Deed::reads},
    Subcommand{"ls-files", Deed::reads},
    Subcommand{"ls-tree", Deed::reads},
    Subcommand{"cat-file", Deed::reads, "", "--filters|--textconv"},
    Subcommand{"for-each-ref", Deed::reads, "", "--shell|--perl|--python|--tcl"},
    Subcommand{"merge-base", Deed::reads},
    Subcommand{"name-rev", Deed::reads},
    Subcommand{"check-ignore", Deed::reads},
    Subcommand{"count-objects", Deed::reads},
    Subcommand{"diff-tree", Deed::reads, "", "--ext-diff|--output"},
    Subcommand{"diff-index", Deed::reads, "", "--ext-diff|--output"},
    Subcommand{"show-ref", Deed::reads},
    Subcommand{"whatchanged", Deed::reads, "", "--output"},
    Subcommand{"cherry", Deed::reads},
    Subcommand{"range-diff", Deed::reads, "", "--output"},
    Subcommand{"grep", Deed::reads, "", "O|--open-files-in-pager|--ext-grep"},
    Subcommand{"version", Deed::reads},
    Subcommand{"reflog", Deed::reads, "expire|delete"},
    Subcommand{"branch", Deed::writes, "d|D|M|--delete|--force", "--edit-description"},
    Subcommand{"tag", Deed::writes, "d|f|--delete|--force"},
    Subcommand{"stash", Deed::writes, "drop|clear"},
    Subcommand{"add", Deed::writes},
    Subcommand{"commit", Deed::writes},
    Subcommand{"mv", Deed::writes},
    Subcommand{"rm", Deed::writes, "r|f|--force"},
    Subcommand{"init", Deed::writes, "", "--template|--separate-git-dir"},
    Subcommand{"apply", Deed::writes, "", "--unsafe-paths|--directory"},
    Subcommand{"merge", Deed::writes, "", "s|--strategy"},
    Subcommand{"cherry-pick", Deed::writes, "", "--strategy"},
    Subcommand{"revert", Deed::writes, "", "--strategy"},
    Subcommand{"rebase", Deed::writes, "", "x|i|s|--exec|--interactive|--strategy"},
    Subcommand{"switch", Deed::writes, "f|C|--force|--discard-changes|--force-create"},
    Subcommand{"checkout", Deed::writes, "f|B|--force|.|--"},
    Subcommand{"restore", Deed::writes, "*"},
    Subcommand{"reset", Deed::writes, "--hard|--merge|--keep"},
    Subcommand{"clean", Deed::writes, "f|d|x|X|--force"},
    Subcommand{"gc", Deed::writes, "--prune|--aggressive"},
    Subcommand{"prune", Deed::writes, "*"},
    Subcommand{"update-ref", Deed::writes, "*"},
    Subcommand{"filter-branch", Deed::runs, "*"},
    Subcommand{"filter-repo", Deed::runs, "*"},
    Subcommand{"fetch", Deed::talks, "--prune|--force", "--upload-pack"},
    Subcommand{"pull", Deed::talks, "--force", "--upload-pack|--strategy|s"},
    Subcommand{"clone", Deed::talks, "", "c|u|--config|--upload-pack|--template|--separate-git-dir"},
    Subcommand{"ls-remote", Deed::talks, "", "--upload-pack|--exec"},
    Subcommand{"push", Deed::pushes, "f|d|--force|--delete|--mirror|--prune|--force-with-lease",
               "--receive-pack|--exec"},
};

bool has_option(const Options& found, std::string_view names) {
  return std::ranges::any_of(found.options,
                             [&](const Option& option) { return lists_option(names, option.name); });
}

bool has_word(const Options& found, std::string_view words) {
  return std::ranges::any_of(found.operands, [&](const Argument& operand) {
    return operand.plain() != nullptr && lists(words, *operand.plain());
  });
}

/// git's options before the subcommand. The rest, or nothing when it cannot be told.
std::span<const Argument> skip_global_options(Walk& walk, const Call& call) {
  std::span<const Argument> rest{call.arguments};
  while (!rest.empty()) {
    const auto* const text = rest.front().plain();
    if (text == nullptr) {
      walk.note_hidden(call, "runs a git command that is known only when it runs");
      return {};
    }
    if (!text->starts_with('-')) return rest;
    if (*text == "-C" && rest.size() > 1) {
      walk.change_folder(&rest[1]);
      rest = rest.subspan(2);
    } else if (lists("--no-pager|-P|--no-optional-locks|--version|--help|--literal-pathspecs|--no-replace-"
                     "objects",
                     *text)) {
      if (rest.size() == 1) walk.note(call, CommandClass::read, "asks git about itself");
      rest = rest.subspan(1);
    } else {
      walk.note_wrapper();
      walk.note_hidden(call, "uses git " + *text + ", which can make git run any program");
      const bool valued = lists("-c|--git-dir|--work-tree|--exec-path|--namespace|--config-env", *text);
      rest = rest.subspan(std::min<std::size_t>(valued ? 2 : 1, rest.size()));
    }
  }
  return rest;
}

/// What is told apart by its words.
bool run_special(Walk& walk, const Call& call, std::string_view name, const Options& found) {
  const auto* const first = found.operands.empty() ? nullptr : found.operands.front().plain();
  const std::string_view word = first == nullptr ? std::string_view{} : std::string_view{*first};
  if (name == "config") {
    const bool reads =
        has_option(found, "l|--list|--get|--get-all|--get-regexp|--show-origin") || lists("list|get", word);
    const bool changes = has_option(found, "e|--edit|--add|--unset|--replace-all|--file|f|--unset-all");
    if (reads && !changes) return walk.note(call, CommandClass::read, "reads git's configuration"), true;
    if (found.operands.size() == 1 && found.options.empty())
      return walk.note(call, CommandClass::read, "reads git's configuration"), true;
    walk.note_path(call, {.texts = {".git/config"}}, Access::write, false);
    return walk.note_hidden(call, "changes git's configuration, which can make git run any program"), true;
  }
  if (name == "remote") {
    if (lists("|show|get-url", word) && !found.uncertain) {
      return walk.note(call, word == "show" ? CommandClass::network : CommandClass::read, "looks at remotes"),
             true;
    }
    walk.note_path(call, {.texts = {".git/config"}}, Access::write, false);
    if (word == "update" || word == "prune") walk.note_host(call, "");
    return true;
  }
  if (name == "worktree") {
    if (word == "list") return walk.note(call, CommandClass::read, "lists worktrees"), true;
    for (std::size_t i = 1; i < found.operands.size(); ++i)
      walk.note_path(call, found.operands[i], Access::write, true);
    if (word != "add") walk.note(call, CommandClass::destructive, "removes worktrees");
    return true;
  }
  if (name == "stash" && lists("list|show", word))
    return walk.note(call, CommandClass::read, "lists stashes"), true;
  const bool lists_names =
      found.operands.empty() && !found.uncertain &&
      !has_option(found,
                  "d|D|m|M|c|C|f|u|--delete|--force|--edit-description|--unset-upstream|--set-upstream-to");
  if ((name == "branch" || name == "tag") &&
      (lists_names || has_option(found, "--list|--show-current|--contains|--points-at"))) {
    if (!has_option(found, "d|D|f|--delete|--force"))
      return walk.note(call, CommandClass::read, "lists names"), true;
  }
  if (name == "clean" && has_option(found, "n|--dry-run"))
    return walk.note(call, CommandClass::read, "lists files"), true;
  return false;
}

void note_operand_paths(Walk& walk, const Call& call, const Options& found, Access access) {
  for (const auto& operand : found.operands) {
    const bool leads_away = std::ranges::any_of(operand.texts, [](const std::string& text) {
      return text.starts_with('/') || text.starts_with("..") || text.find("/../") != std::string::npos;
    });
    if (leads_away) walk.note_path(call, operand, access, true);
  }
}

void run_subcommand(Walk& walk, const Call& call, const Subcommand& subcommand, const Options& found) {
  if (has_option(found, subcommand.hidden) || has_word(found, subcommand.hidden)) {
    walk.note_wrapper();
    walk.note_hidden(call, "uses an option of git " + std::string{subcommand.name} +
                               " that can run a program or write a file");
  }
  const bool destroys = subcommand.destroys == "*" || has_option(found, subcommand.destroys) ||
                        has_word(found, subcommand.destroys);
  if (destroys || (found.uncertain && !subcommand.destroys.empty())) {
    walk.note(call, CommandClass::destructive, "loses work or history: git " + std::string{subcommand.name});
  }
  if (found.uncertain && subcommand.deed != Deed::reads)
    walk.note_hidden(call, "has an argument that may also be an option");
  switch (subcommand.deed) {
    case Deed::reads:
      walk.note_current_folder(call, Access::read, true);
      return note_operand_paths(walk, call, found, Access::read);
    case Deed::writes:
      walk.note_current_folder(call, Access::write, false);
      return note_operand_paths(walk, call, found, Access::write);
    case Deed::runs: return walk.note_hidden(call, "runs a program for each commit");
    case Deed::pushes:
    case Deed::talks: break;
  }
  walk.note_current_folder(call, subcommand.deed == Deed::pushes ? Access::read : Access::write, false);
  for (std::size_t i = 0; i < found.operands.size(); ++i) {
    const auto& operand = found.operands[i];
    const auto& text = operand.texts.front();
    if (text.find("::") != std::string::npos || text.starts_with('-'))
      walk.note_hidden(call, "names a remote helper, which is a program");
    if (text.starts_with('+') || (i > 0 && subcommand.deed == Deed::pushes && text.starts_with(':'))) {
      walk.note(call, CommandClass::destructive, "overwrites or deletes a branch of a remote");
    }
    if (i > 0 && subcommand.name == "clone") walk.note_path(call, operand, Access::write, true);
  }
  // The name of a remote says nothing about its host.
  const bool address =
      !found.operands.empty() && found.operands.front().texts.front().find(':') != std::string::npos;
  const std::string host = address ? host_of(found.operands.front()) : std::string{};
  walk.note_host(call, host);
}

void run_git(Walk& walk, const Call& call) {
  walk.in_subshell([&] {
    const auto rest = skip_global_options(walk, call);
    if (rest.empty()) return walk.note(call, CommandClass::read, "runs git");
    const std::string name = *rest.front().plain();
    const auto found =
        read_options(rest.subspan(1), "m|--message|--format|--pretty|--since|--until|--author|--grep|--date");
    if (name == "help") return walk.note(call, CommandClass::read, "asks git about itself");
    if (run_special(walk, call, name, found)) return;
    const auto* const known =
        std::ranges::find_if(subcommands, [&](const Subcommand& one) { return one.name == name; });
    if (known != subcommands.end()) return run_subcommand(walk, call, *known, found);
    walk.note_wrapper();
    if (name == "submodule" || name == "lfs") walk.note_host(call, "");
    walk.note_hidden(call, "runs git " + name + ", which can run any program");
  });
}

constexpr std::array git_table{Program{"git", run_git}};

}  // namespace

std::span<const Program> git_programs() { return git_table; }

}  // namespace butler::policy
