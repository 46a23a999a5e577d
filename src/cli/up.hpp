#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/supervisor.hpp"
#include "config/load.hpp"

namespace butler::cli {

/// `butler up`: the three roles on this machine, supervised, until SIGTERM or SIGINT. Returns the exit
/// status.
int run_up();

/// The environment that `up` makes for a role: of the configuration what the role may see, of the process's
/// own what programs in general need (PATH, HOME, LANG, TMPDIR, …). `for_root`: HOME is Butler's, not root's.
std::vector<std::string> build_environment(const config::Loaded& loaded, config::Role role,
                                           const std::map<std::string, std::string>& own, bool for_root);

/// What stands in front of a role's lines: "gateway      | ".
std::string line_prefix(std::string_view name, bool colour);

}  // namespace butler::cli
