#include "policy/environment.hpp"

#include <algorithm>
#include <array>

namespace butler::policy {

namespace {

constexpr std::array<std::string_view, 18> harmless_variables{
    "LANG",      "LANGUAGE",    "TZ",       "TERM",           "COLUMNS",   "LINES",
    "NO_COLOR",  "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "GREP_COLORS",
    "LS_COLORS", "CI",          "VERBOSE",  "RUST_LOG",       "NODE_ENV",  "RUST_BACKTRACE"};

constexpr std::array<std::string_view, 30> of_the_shell{
    "IFS",        "PATH",        "ENV",       "CDPATH",          "HOME",
    "PWD",        "OLDPWD",      "TMPDIR",    "SHELL",           "SHELLOPTS",
    "BASHOPTS",   "PS4",         "PS1",       "FUNCNEST",        "GLOBIGNORE",
    "EXECIGNORE", "MAILPATH",    "HISTFILE",  "INPUTRC",         "PAGER",
    "EDITOR",     "VISUAL",      "BROWSER",   "POSIXLY_CORRECT", "PROMPT_COMMAND",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy",        "MAKEFLAGS"};

constexpr std::array<std::string_view, 16> prefixes_of_the_shell{
    "BASH", "LD_",  "GIT_", "PYTHON", "NODE_", "PERL",  "RUBY",  "PI_",
    "NPM_", "npm_", "LESS", "MAN",    "TAR_",  "RSYNC", "JAVA_", "HTTP"};

}  // namespace

bool is_harmless_for_programs(std::string_view name) {
  return name.starts_with("LC_") || std::ranges::find(harmless_variables, name) != harmless_variables.end();
}

bool changes_the_shell(std::string_view name) {
  if (is_harmless_for_programs(name)) return false;
  return std::ranges::find(of_the_shell, name) != of_the_shell.end() ||
         std::ranges::any_of(prefixes_of_the_shell, [&](auto prefix) { return name.starts_with(prefix); });
}

}  // namespace butler::policy
