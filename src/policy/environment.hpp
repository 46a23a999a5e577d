#pragma once

#include <string_view>

/// Which variables change what programs do. Pure.
namespace butler::policy {

/// Whether a program can be given this variable with any value: locale, colours and the like. All others can
/// carry code (LD_PRELOAD, GIT_SSH_COMMAND, NODE_OPTIONS, …); there is no list of those that would be whole.
bool is_harmless_for_programs(std::string_view name);

/// Whether bash itself, or a program that inherits it, behaves otherwise when this variable is assigned
/// without `export`: bash's own, and those that are likely to be in the environment.
bool changes_the_shell(std::string_view name);

}  // namespace butler::policy
