#include "mcp_wrappers/names.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "policy/programs.hpp"

namespace butler::mcp_wrappers {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_wrapper_name = 64;

/// Words of the shell that are no commands, and programs that agents are told of by name.
constexpr auto taken_words = std::to_array<std::string_view>(
    {"if",     "then",   "else",  "elif", "fi",       "case", "esac",     "for",
     "select", "while",  "until", "do",   "done",     "in",   "function", "coproc",
     "time",   "butler", "node",  "pi",   "mcporter", "npm",  "npx",      "sudo"});

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::optional<std::string> spelling_problem(std::string_view name) {
  const bool right = !name.empty() && name.size() <= longest_wrapper_name &&
                     is_letter_or_digit(name.front()) && std::ranges::all_of(name, [](char c) {
                       return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-';
                     });
  if (right) return std::nullopt;
  return "a name has up to 64 letters, digits, \"_\", \".\" and \"-\", and begins with a letter or digit";
}

std::optional<std::string> shadowing_problem(const std::string& name, std::string_view search_path) {
  if (std::ranges::find(taken_words, name) != taken_words.end() || policy::knows_program(name))
    return "\"" + name + "\" means another command to the shell or to the policy: choose another name";
  while (!search_path.empty()) {
    const auto end = std::min(search_path.find(':'), search_path.size());
    const auto program = fs::path{search_path.substr(0, end)} / name;
    search_path.remove_prefix(std::min(end + 1, search_path.size()));
    std::error_code missing;
    if (fs::exists(fs::symlink_status(program, missing)))
      return "it would stand before " + program.string() + ": choose another name";
  }
  return std::nullopt;
}

}  // namespace butler::mcp_wrappers
