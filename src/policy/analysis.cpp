#include "policy/analysis.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "policy/walk.hpp"

namespace butler::policy {

namespace {

/// Characters that show something else than what is there: controls, and those that turn or hide text.
bool holds_disguise(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) return true;
    const auto rest = text.substr(i, 3);
    // U+200B…U+200F, U+2028…U+202E, U+2060…U+206F, U+FEFF, U+00AD, U+061C, U+180E
    if (rest.size() == 3 && rest.starts_with("\xe2\x80")) {
      const auto last = static_cast<unsigned char>(rest[2]);
      if ((last >= 0x8b && last <= 0x8f) || (last >= 0xa8 && last <= 0xae)) return true;
    }
    if (rest.size() == 3 && rest.starts_with("\xe2\x81") && static_cast<unsigned char>(rest[2]) >= 0xa0 &&
        static_cast<unsigned char>(rest[2]) <= 0xaf)
      return true;
    if (rest == "\xef\xbb\xbf" || rest == "\xe1\xa0\x8e" || rest.starts_with("\xc2\xad") ||
        rest.starts_with("\xd8\x9c"))
      return true;
  }
  return false;
}

Effect of_path(const Question& question, Access access, bool whole_tree) {
  const Folders folders{question};
  const auto cwd = normalise(question.cwd, folders.workspace);
  std::string path = question.path.value_or("");
  // As pi does: a leading ~ is the home, a leading @ is dropped.
  if (path.starts_with('@')) path.erase(0, 1);
  if (path == "~" || path.starts_with("~/")) path = folders.agent_home + path.substr(1);
  auto full = normalise(path.empty() ? "." : path, cwd);
  const auto place = place_of(folders, full, access, whole_tree);
  const bool writes = access == Access::write;
  const bool inside = place == Place::workspace || place == Place::guarded;
  auto why = (writes ? "writes " : "reads ") + full;
  return {.command_class = !writes  ? CommandClass::read
                           : inside ? CommandClass::write_in_workspace
                                    : CommandClass::write_outside,
          .why = std::move(why),
          .path = std::move(full),
          .place = place,
          .whole_tree = whole_tree};
}

}  // namespace

Analysis analyse_command(const Question& question, const std::string& command) {
  Analysis analysis;
  Walk walk{question, analysis};
  if (holds_disguise(command)) walk.give_up("holds characters that cannot be seen");
  walk.run_text(command);
  if (analysis.effects.empty()) walk.note({.command_class = CommandClass::read, .why = "does nothing"});
  return analysis;
}

Analysis analyse(const Question& question) {
  const auto& tool = question.tool;
  if (!question.workspace.starts_with('/') || !question.cwd.starts_with('/')) {
    return {.effects = {{.why = "has no workspace", .beyond_us = true}}};
  }
  const bool reads_one = tool == "read" || tool == "send_file";
  const bool needs_path = reads_one || tool == "write" || tool == "edit";
  if ((tool == "bash" && !question.command) || (tool == "network" && !question.host) ||
      (needs_path && !question.path)) {
    return {.effects = {{.why = "lacks what the tool '" + tool + "' needs", .beyond_us = true}}};
  }
  if (tool == "bash") return analyse_command(question, question.command.value_or(""));
  if (reads_one) return {.effects = {of_path(question, Access::read, false)}};
  if (tool == "grep" || tool == "find" || tool == "ls")
    return {.effects = {of_path(question, Access::read, tool != "ls")}};
  if (tool == "write" || tool == "edit") return {.effects = {of_path(question, Access::write, false)}};
  if (tool == "network") {
    std::string host = question.host.value_or("");
    std::ranges::transform(host, host.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    auto why = "talks to " + host;
    return {.effects = {
                {.command_class = CommandClass::network, .why = std::move(why), .host = std::move(host)}}};
  }
  return {.effects = {{.command_class = CommandClass::unknown,
                       .why = "uses the tool '" + tool + "', of which nothing is known"}}};
}

}  // namespace butler::policy
